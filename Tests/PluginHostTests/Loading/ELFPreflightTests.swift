import Glibc
import PluginHost
import Testing

@Suite struct ELFPreflightTests {
    private func rules(_ library: CompiledLibrary) throws -> [String] {
        try ELFPreflight.inspect(library.path).findings.map(\.rule)
    }

    @Test func aPlainPluginHasNoFindings() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        defer { library.remove() }
        let report = try ELFPreflight.inspect(library.path)
        #expect(report.findings.map(\.description) == [])
        #expect(report.isLoadable)
        #expect(!report.containsSwift)
    }

    @Test(arguments: ["-Wl,--hash-style=gnu", "-Wl,--hash-style=sysv", "-s"])
    func theSymbolTableIsReadInEveryStyle(flag: String) throws {
        let library = try CompiledLibrary(CompiledLibrary.entry, flags: [flag])
        defer { library.remove() }
        #expect(try rules(library) == [])
    }

    @Test func aMissingEntryIsRefusedWithItsName() throws {
        let library = try CompiledLibrary("int other(void) { return 1; }")
        defer { library.remove() }
        let report = try ELFPreflight.inspect(library.path)
        #expect(!report.isLoadable)
        #expect(report.findings.first?.message.contains("roost_plugin_query_v1") == true)
    }

    @Test func furtherExportsAreAWarning() throws {
        let library = try CompiledLibrary(
            CompiledLibrary.entry
                + "\n__attribute__((visibility(\"default\"))) int helper(void) { return 1; }")
        defer { library.remove() }
        let report = try ELFPreflight.inspect(library.path)
        #expect(report.isLoadable)
        #expect(report.findings.map(\.rule) == ["exports"])
        #expect(report.findings.first?.message.contains("helper") == true)
    }

    @Test func anExecutableStackIsRefused() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry, flags: ["-Wl,-z,execstack"])
        defer { library.remove() }
        #expect(try rules(library) == ["stack"])
    }

    /// A worker ends with its revision, so a reload exhausts nothing there; Go knows no other way.
    @Test func staticThreadLocalStorageIsRefusedInProcessOnly() throws {
        let library = try CompiledLibrary(
            CompiledLibrary.entry
                + "\nstatic __thread int t; __attribute__((visibility(\"hidden\"))) int *p(void) "
                + "{ return &t; } __attribute__((constructor)) static void c(void) { *p() = 1; }",
            flags: ["-ftls-model=initial-exec", "-O0"])
        defer { library.remove() }
        let report = try ELFPreflight.inspect(library.path)
        #expect(report.findings.map(\.rule) == ["static-tls"])
        #expect(report.refusals(in: .worker).isEmpty)
        #expect(report.refusals(in: .inProcess).map(\.rule) == ["static-tls"])
    }

    /// Two revisions would share such a symbol, whatever dlopen is told.
    @Test func uniqueSymbolsAreRefusedInProcessOnly() throws {
        let library = try CompiledLibrary(
            CompiledLibrary.entry
                + """

                __asm__(".data\\n.globl shared\\n.type shared, @gnu_unique_object\\n"
                    ".size shared, 4\\nshared: .long 1\\n.text");
                """)
        defer { library.remove() }
        let report = try ELFPreflight.inspect(library.path)
        #expect(report.isLoadable)
        #expect(report.refusals(in: .inProcess).map(\.rule) == ["unique"])
    }

    @Test func anObjectFileIsNamedAsOne() throws {
        let object = try CompiledLibrary(CompiledLibrary.entry, flags: ["-c"], shared: nil)
        defer { object.remove() }
        #expect(throws: ELFError.objectFile) { try ELFPreflight.inspect(object.path) }
    }

    /// 20 000 symbols that are all the same long string: names that were copied would take 20 GB.
    @Test func symbolsThatShareALongNameTakeNoMemory() throws {
        let bytes = HostileELF.sharedName(symbols: 20_000, length: 1 << 20)
        let before = residentBytes()
        let report = try ELFPreflight.inspect(ELFFile(bytes), folder: "/")
        #expect(report.findings.contains { $0.rule == "exports" && $0.message.utf8.count < 500 })
        #expect(residentBytes() - before < 64 << 20)
    }

    @Test func theNewestOfTheVersionsThatAreRequiredCounts() throws {
        let bytes = HostileELF.sharedVersion(versions: 2000, length: 4095)
        let report = try ELFPreflight.inspect(ELFFile(bytes), folder: "/")
        let finding = try #require(report.findings.first { $0.rule == "glibc" })
        #expect(finding.message.hasPrefix("needs glibc 9.9, this system has "))
    }

    /// Copies of the names would take 268 MB.
    @Test func versionsThatShareALongNameTakeNoMemory() throws {
        let bytes = HostileELF.sharedVersion(versions: 65_000, length: 4095)
        let before = residentBytes()
        #expect(throws: ELFError.malformed("more than 4096 required versions")) {
            try ELFPreflight.inspect(ELFFile(bytes), folder: "/")
        }
        #expect(residentBytes() - before < 64 << 20)
    }

    /// They could go on for as long as the file does.
    @Test func librariesOfWhichNoVersionIsRequiredAreCounted() throws {
        #expect(throws: ELFError.malformed("more than 4096 required versions")) {
            try ELFPreflight.inspect(ELFFile(HostileELF.needsWithoutVersions(5000)), folder: "/")
        }
    }

    /// An entry of the table takes sixteen bytes of the file, and took ten times that in memory.
    @Test func entriesThatNobodyReadsTakeNoMemory() throws {
        let bytes = HostileELF.unknownTags(2_000_000)
        let before = residentBytes()
        let file = try ELFFile(bytes)
        #expect(file.dynamic.isEmpty)
        // The file's own copy is half of it.
        #expect(residentBytes() - before < 64 << 20)
    }

    /// As large as no disk: it could not be read whole.
    @Test func aHugeFileThatIsNoLibraryIsNotReadForThat() throws {
        let file = try CompiledLibrary(CompiledLibrary.entry)
        defer { file.remove() }
        try Files.write(Array("a model, perhaps".utf8), to: file.path)
        #expect(truncate(file.path, 1 << 42) == 0)
        #expect(throws: ELFError.notELF) { try ELFPreflight.inspect(file.path) }
        #expect(throws: ELFError.notELF) {
            try StagedLibrary.stage(file.path, in: "\(file.folder)/store")
        }
    }

    @Test func aLibraryLargerThanAnyIsRefusedWithItsSize() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        defer { library.remove() }
        #expect(truncate(library.path, 1 << 42) == 0)
        let error = #expect(throws: ELFError.tooLarge(bytes: 1 << 42)) {
            try StagedLibrary.stage(library.path, in: "\(library.folder)/store")
        }
        #expect(error?.description.contains("4194304 MB, expected") == true)
    }

    @Test func ofALargeLibraryLittleIsRead() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        defer { library.remove() }
        #expect(truncate(library.path, 3 << 30) == 0)
        let before = residentBytes()
        #expect(try rules(library) == [])
        #expect(residentBytes() - before < 64 << 20)
    }

    @Test func aNameThatIsLongerThanAnyPathIsMalformed() throws {
        let bytes = HostileELF.sharedName(symbols: 1, length: 5000, needsIt: true)
        #expect(throws: ELFError.malformed("a name of 4096 bytes or more")) {
            try ELFPreflight.inspect(ELFFile(bytes), folder: "/")
        }
    }

    private func residentBytes() -> Int {
        let pages = readText("/proc/self/statm")?.split(separator: " ")[1]
        return (pages.flatMap { Int($0) } ?? 0) * 4096
    }

    @Test func aNeededLibraryThatIsNowhereIsNamed() throws {
        let other = try CompiledLibrary(
            "__attribute__((visibility(\"default\"))) int other(void) { return 1; }",
            named: "libNowhere.so", flags: ["-Wl,-soname,libNowhere.so"])
        defer { other.remove() }
        let source =
            CompiledLibrary.entry
            + "\nint other(void); __attribute__((constructor)) static void c(void) { other(); }"
        let library = try CompiledLibrary(source, flags: [other.path])
        defer { library.remove() }
        let report = try ELFPreflight.inspect(library.path)
        #expect(report.findings.map(\.rule) == ["needed"])
        #expect(report.findings.first?.message == "needs libNowhere.so, which is not found")
    }

    @Test func anExecutableIsRefused() throws {
        let program = try CompiledLibrary(
            CompiledLibrary.entry + "\nint main(void) { return 0; }", named: "program",
            shared: false)
        defer { program.remove() }
        #expect(try rules(program).contains("type"))
    }

    @Test func aLibraryOfAnotherMachineIsRefused() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        defer { library.remove() }
        var bytes = try Files.read(library.path)
        bytes[18] = 243
        try Files.write(bytes, to: library.path)
        let report = try ELFPreflight.inspect(library.path)
        #expect(report.findings.first?.message.contains("riscv") == true)
    }

    /// Every truncation and a thousand random corruptions are an error or a report, never a trap.
    @Test func damagedFilesAreErrors() throws {
        let library = try CompiledLibrary(CompiledLibrary.entry)
        defer { library.remove() }
        let bytes = try Files.read(library.path)
        for length in stride(from: 0, to: bytes.count, by: 7) {
            _ = try? ELFPreflight.inspect(ELFFile(Array(bytes[..<length])), folder: library.folder)
        }
        var state: UInt64 = 42
        for _ in 0..<1000 {
            var damaged = bytes
            for _ in 0..<8 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                damaged[Int(state >> 33) % damaged.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            _ = try? ELFPreflight.inspect(ELFFile(damaged), folder: library.folder)
        }
        #expect(throws: ELFError.notELF) { try ELFFile([]) }
        #expect(throws: ELFError.notELF) { try ELFFile(Array("#!/bin/sh\n".utf8)) }
    }
}
