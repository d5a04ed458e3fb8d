import PluginHost
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Disk space reserved for deleting: a database needs space even to record that rows are gone, and
/// without it nothing could be deleted on a full disk.
package final class DiskReserve: Sendable {
    private let path: String
    private let turn = Mutex(())

    /// The sizes to try; the first that fits is kept.
    private static let sizes = [4 << 20, 1 << 20, 256 << 10]

    package init(_ path: String) {
        self.path = path
    }

    /// Takes as much space as there is, up to the reserve; keeps what it has.
    package func keep() {
        turn.withLock { _ in
            var facts = stat()
            if stat(path, &facts) == 0, facts.st_size >= Self.sizes[0] { return }
            for size in Self.sizes where size > Int(facts.st_size) {
                if take(size) { return }
            }
        }
    }

    private func take(_ size: Int) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var before = stat()
        guard fstat(descriptor, &before) == 0 else { return false }
        if posix_fallocate(descriptor, 0, off_t(size)) == 0 { return true }
        // The previous reserve stays.
        ftruncate(descriptor, before.st_size)
        return false
    }

    /// Runs `body`; if the disk is full, once more with the reserve's space.
    func lend<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch CollectionError.storageFull {
            release()
            defer { keep() }
            return try body()
        }
    }

    /// Runs `body`; if the disk is full, `again` with the reserve's space.
    package func lend<Value>(
        _ body: () async throws -> Value, again: () async throws -> Value,
        where isFull: (any Error) -> Bool
    ) async throws -> Value {
        do {
            return try await body()
        } catch  where isFull(error) {
            await Self.aside(release)
            do {
                let value = try await again()
                await Self.aside(keep)
                return value
            } catch {
                await Self.aside(keep)
                throw error
            }
        }
    }

    private static func aside(_ body: @escaping @Sendable () -> Void) async {
        await BlockingThread.run("roost-reserve", body)
    }

    private func release() {
        turn.withLock { _ in _ = unlink(path) }
    }
}
