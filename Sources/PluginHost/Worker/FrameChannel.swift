import Glibc

/// Sends and receives frames over one end of a socket pair. One thread at a time.
package final class FrameChannel: @unchecked Sendable {
    private let owner: Descriptor
    /// Bytes that were received beyond the last frame; less than one reading.
    private var received: [UInt8] = []

    package var descriptor: Int32 { owner.number }

    /// Bytes of memory that are held between messages.
    package var kept: Int { received.capacity }

    package init(_ descriptor: Descriptor) {
        owner = descriptor
    }

    /// Wakes any thread blocked in the channel and makes all later use fail; from any thread.
    package func shutDown() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// - Throws: `WireError.closed`, or `DeadlinePassed`.
    package func send(_ frame: Frame, deadline: MonotonicTime? = nil) throws {
        let bytes = frame.bytes
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress! + sent, bytes.count - sent,
                    Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLOUT), deadline)
            } else if errno != EINTR {
                throw WireError.closed
            }
        }
    }

    /// - Parameter limit: bytes of payload that may come.
    /// - Throws: `WireError`, or `DeadlinePassed`.
    package func receive(
        atMost limit: Int = Frame.payloadLimit, deadline: MonotonicTime? = nil
    ) throws -> Frame {
        let header = try Frame.Header(take(Frame.headerSize, deadline))
        guard header.length <= limit else {
            throw WireError.frame(length: header.length, limit: limit)
        }
        var frame = try header.frame()
        frame.payload = try take(header.length, deadline)
        return frame
    }

    /// Receives `count` bytes. Memory grows only with what really arrives, and nothing of a message that
    /// breaks off stays here.
    private func take(_ count: Int, _ deadline: MonotonicTime?) throws -> [UInt8] {
        var bytes = Array(received.prefix(count))
        received.removeFirst(bytes.count)
        while bytes.count < count {
            if deadline != nil { try wait(for: Int16(POLLIN), deadline) }
            try receiveSome(into: &bytes, of: count)
        }
        return bytes
    }

    private func receiveSome(into bytes: inout [UInt8], of count: Int) throws {
        try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { chunk in
            let arrived = recv(descriptor, chunk.baseAddress!, chunk.count, 0)
            if arrived > 0 {
                let wanted = min(arrived, count - bytes.count)
                bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<wanted]))
                received.append(
                    contentsOf: UnsafeRawBufferPointer(rebasing: chunk[wanted..<arrived]))
            } else if arrived == 0 || errno != EINTR {
                throw WireError.closed
            }
        }
    }

    private func wait(for events: Int16, _ deadline: MonotonicTime?) throws {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        let left = deadline.map { $0 - .now }
        if let left, left <= .zero { throw DeadlinePassed() }
        let ready = poll(&entry, 1, left?.milliseconds ?? -1)
        if ready == 0 { throw DeadlinePassed() }
    }
}

/// The other side did not answer in time.
package struct DeadlinePassed: Error {}
