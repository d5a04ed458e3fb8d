import Glibc
import PluginHost
import Testing

/// A process that another test starts has every lock of this one, until it runs a program of its own.
@Suite struct StoreFolderTests {
    @Test func aCopyGoesWithTheLastWhoUsesIt() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        defer { library.remove() }
        let store = "\(library.folder)/store"
        var first: StagedLibrary? = try StagedLibrary.stage(library.path, in: store)
        var second: StagedLibrary? = try StagedLibrary.stage(library.path, in: store)
        let path = try #require(first).path
        #expect(second?.path == path)
        first = nil
        #expect(access(path, F_OK) == 0)
        second = nil
        // Else the next start removes it.
        #expect(eventually { access(path, F_OK) != 0 || StoreFolder.prune(store) == 1 })
        #expect(access(path, F_OK) != 0)
    }

    @Test func aCopyOfAHostThatIsGoneIsRemoved() throws {
        let folder = TestFolder.shared.unique("store")
        let left = "\(folder)/\(String(repeating: "a", count: 64))"
        #expect(run(["/bin/mkdir", "-p", left]).status == 0)
        writeText("old", to: "\(left)/libPlugin.so")
        #expect(StoreFolder.prune(folder) == 1)
        #expect(access(left, F_OK) != 0)
    }

    @Test func whatAnotherHostUsesStays() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        defer { library.remove() }
        let store = "\(library.folder)/store"
        var used: StagedLibrary? = try StagedLibrary.stage(library.path, in: store)
        let path = try #require(used).path
        // As another process has it: a lock belongs to the opened folder, not to who opened it.
        let folder = String(path.dropLast("/libPlugin.so".count))
        let other = open(folder, O_RDONLY | O_CLOEXEC)
        #expect(flock(other, LOCK_SH) == 0)
        used = nil
        #expect(StoreFolder.prune(store) == 0)
        #expect(access(path, F_OK) == 0)
        close(other)
        #expect(eventually { StoreFolder.prune(store) == 1 })
        #expect(access(path, F_OK) != 0)
        _ = used
    }

    @Test func whatIsNoCopyIsLeftAlone() throws {
        let folder = TestFolder.shared.unique("store")
        mkdir(folder, 0o700)
        let stranger = "\(folder)/\(String(repeating: "x", count: 64))"
        mkdir(stranger, 0o700)
        #expect(StoreFolder.prune(folder) == 0)
        #expect(access(stranger, F_OK) == 0)
        #expect(StoreFolder.prune("\(folder)/nowhere") == 0)
    }

    @Test func copiesThatAreMadeWhileOthersAreRemovedAreWhole() async throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        defer { library.remove() }
        let (path, store) = (library.path, "\(library.folder)/store")
        let whole = try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    try await BlockingThread.run("stage") {
                        try (0..<20).allSatisfy { _ in
                            let staged = try StagedLibrary.stage(path, in: store)
                            return try withExtendedLifetime(staged) {
                                try Files.read(staged.path) == Files.read(path)
                            }
                        }
                    }
                }
            }
            group.addTask {
                await BlockingThread.run("prune") {
                    for _ in 0..<200 { _ = StoreFolder.prune(store) }
                    return true
                }
            }
            return try await group.reduce(true) { $0 && $1 }
        }
        #expect(whole)
    }
}
