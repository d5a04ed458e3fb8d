import Glibc
import PluginHost
import Testing

@Suite struct StagedLibraryTests {
    @Test func theCopyLoadsAfterTheSourceWasOverwritten() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        defer { library.remove() }
        let staged = try StagedLibrary.stage(library.path, in: "\(library.folder)/store")
        try Files.write([1, 2, 3], to: library.path)
        let handle = dlopen(staged.path, RTLD_NOW | RTLD_LOCAL)
        #expect(handle != nil && dlsym(handle, "roost_plugin_query_v1") != nil)
        withExtendedLifetime(staged) {}
    }

    @Test func theSameContentIsTheSameCopyAndOtherContentIsAnother() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        let other = try CompiledLibrary(CompiledLibrary.entry + "\nstatic int x = 5;")
        defer { [library, other].forEach { $0.remove() } }
        let store = "\(library.folder)/store"
        let first = try StagedLibrary.stage(library.path, in: store)
        let second = try StagedLibrary.stage(library.path, in: store)
        #expect(first == second)
        try Files.write(try Files.read(library.path) + [0], to: library.path)
        #expect(try StagedLibrary.stage(library.path, in: store).hash != first.hash)
    }

    /// A change within the file system's step of time, of the same length, in the same file.
    @Test func aFileThatIsOverwrittenInPlaceIsSeenHoweverFast() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        defer { library.remove() }
        var bytes = try Files.read(library.path)
        var hashes: Set<String> = []
        for round in 0..<50 {
            // Behind what the loader reads, whose length stays.
            bytes[bytes.count - 1] = UInt8(round)
            let file = open(library.path, O_WRONLY | O_CLOEXEC)
            _ = pwrite(file, bytes, bytes.count, 0)
            close(file)
            hashes.insert(try StagedLibrary.stage(library.path, in: "\(library.folder)/store").hash)
        }
        #expect(hashes.count == 50)
    }

    @Test func aDamagedCopyIsReplaced() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        defer { library.remove() }
        let staged = try StagedLibrary.stage(library.path, in: "\(library.folder)/store")
        chmod(staged.path, 0o700)
        try Files.write([0], to: staged.path)
        _ = try StagedLibrary.stage(library.path, in: "\(library.folder)/store")
        #expect(try Files.read(staged.path) == Files.read(library.path))
        withExtendedLifetime(staged) {}
    }

    @Test func whoStagesTheSameAtOnceNeverReplacesWhatAnotherReads() async throws {
        for round in 0..<8 {
            let library = try CompiledLibrary(
                CompiledLibrary.entry + "\nstatic int x = \(round);")
            defer { library.remove() }
            let store = "\(library.folder)/store"
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        let staged = try StagedLibrary.stage(library.path, in: store)
                        #expect(throws: Never.self) { try ELFPreflight.inspect(staged.path) }
                        withExtendedLifetime(staged) {}
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func librariesBesideThePluginComeAlong() throws {
        let other = try CompiledLibrary(
            "__attribute__((visibility(\"default\"))) int other(void) { return 7; }",
            named: "libOther.so", flags: ["-Wl,-soname,libOther.so"])
        defer { other.remove() }
        let source =
            CompiledLibrary.entry
            + "\nint other(void); __attribute__((constructor)) static void c(void) { other(); }"
        let library = try CompiledLibrary(source, flags: [other.path, "-Wl,-rpath,$ORIGIN"])
        defer { library.remove() }
        try Files.write(try Files.read(other.path), to: "\(library.folder)/libOther.so")
        let staged = try StagedLibrary.stage(library.path, in: "\(library.folder)/store")
        #expect(staged.companions.keys.sorted() == ["libOther.so"])
        #expect(try ELFPreflight.inspect(staged.path).findings.isEmpty)
        #expect(dlopen(staged.path, RTLD_NOW | RTLD_LOCAL) != nil)
        withExtendedLifetime(staged) {}
    }

    @Test func aMissingFileSaysWhich() {
        #expect {
            try StagedLibrary.stage("/nonexistent/libX.so", in: "/tmp")
        } throws: {
            "\($0)" == "cannot read /nonexistent/libX.so: No such file or directory"
        }
    }
}
