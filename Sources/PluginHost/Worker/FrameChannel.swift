import Glibc

/// Sends and receives frames over one end of a socket pair. One thread at a time.
package final class FrameChannel: @unchecked Sendable {
    private let owner: Descriptor
    /// Bytes that were received beyond the last frame.
    private var received: [UInt8] = []
    private var consumed = 0

    package var descriptor: Int32 { owner.number }

    package init(_ descriptor: Descriptor) {
        owner = descriptor
    }

    /// Wakes whoever is blocked in the channel and fails all later use; from any thread.
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

    /// - Throws: `WireError`, or `DeadlinePassed`.
    package func receive(deadline: MonotonicTime? = nil) throws -> Frame {
        try fill(Frame.headerSize, deadline)
        let header = try Frame.Header(take(Frame.headerSize))
        try fill(header.length, deadline)
        return Frame(kind: header.kind, call: header.call, payload: Array(take(header.length)))
    }

    private func take(_ count: Int) -> ArraySlice<UInt8> {
        defer { consumed += count }
        return received[consumed..<consumed + count]
    }

    /// Receives until `count` bytes are there; memory grows only with what really arrives.
    private func fill(_ count: Int, _ deadline: MonotonicTime?) throws {
        if consumed == received.count {
            received.removeAll(keepingCapacity: received.capacity <= 1 << 20)
            consumed = 0
        }
        while received.count - consumed < count {
            if deadline != nil { try wait(for: Int16(POLLIN), deadline) }
            try receiveSome()
        }
    }

    private func receiveSome() throws {
        try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { chunk in
            let count = recv(descriptor, chunk.baseAddress!, chunk.count, 0)
            if count > 0 {
                received.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            } else if count == 0 || errno != EINTR {
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
