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

    @Test func staticThreadLocalStorageIsRefused() throws {
        let library = try CompiledLibrary(
            CompiledLibrary.entry
                + "\nstatic __thread int t; __attribute__((visibility(\"hidden\"))) int *p(void) "
                + "{ return &t; } __attribute__((constructor)) static void c(void) { *p() = 1; }",
            flags: ["-ftls-model=initial-exec", "-O0"])
        defer { library.remove() }
        #expect(try rules(library) == ["static-tls"])
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
