import Glibc

/// What the host learns about a plugin's file before any of its code can run.
///
/// `dlopen` runs constructors: a library that crashes in one ends the process. So everything that
/// the file alone can show is checked first, and every finding says how to fix it.
package enum ELFPreflight {
    /// Reads `path` and judges it as a plugin for this machine.
    ///
    /// - Throws: ``ELFError`` or ``StagingError`` when the file cannot be read as a shared library.
    package static func inspect(_ path: String) throws -> ELFReport {
        let file = try LibraryFile(path)
        return try file.consistently {
            try inspect(ELFFile(file), folder: parentFolder(of: path))
        }
    }

    package static func inspect(_ file: ELFFile, folder: String) throws -> ELFReport {
        let findings =
            machineFindings(file) + (try symbolFindings(file)) + memoryFindings(file)
            + (try versionFindings(file)) + (try libraryFindings(file, folder: folder))
        return ELFReport(
            findings: findings, neededLibraries: try file.neededLibraries,
            containsSwift: try containsSwift(file))
    }
}

/// The findings about one file.
package struct ELFReport: Sendable {
    package let findings: [Finding]
    package let neededLibraries: [String]
    /// Swift images can never be unmapped, and must come from the host's own toolchain in-process.
    package let containsSwift: Bool

    /// Whether the library may be loaded into a worker.
    package var isLoadable: Bool { refusals(in: .worker).isEmpty }

    /// Findings that keep the library from being loaded there.
    package func refusals(in isolation: Isolation) -> [Finding] {
        findings.filter { $0.isRefusal(in: isolation) }
    }

    package struct Finding: Sendable, Equatable, CustomStringConvertible {
        package enum Severity: Sendable {
            case refused
            /// Does no harm in a process of its own, which ends with its revision.
            case refusedInProcess
            case warning
        }

        package func isRefusal(in isolation: Isolation) -> Bool {
            switch severity {
            case .refused: true
            case .refusedInProcess: isolation == .inProcess
            case .warning: false
            }
        }

        package let rule: String
        package let message: String
        package let fix: String
        package let severity: Severity

        package var description: String { "\(message); \(fix)" }
    }
}

extension ELFPreflight {
    #if arch(x86_64)
        private static let ownMachine: UInt16 = 62
    #elseif arch(arm64)
        private static let ownMachine: UInt16 = 183
    #endif
    private static let machineNames: [UInt16: String] = [
        3: "i386", 40: "arm", 62: "x86-64", 183: "aarch64", 243: "riscv",
    ]

    private static func machineFindings(_ file: ELFFile) -> [ELFReport.Finding] {
        var findings: [ELFReport.Finding] = []
        if file.machine != ownMachine {
            let found = machineNames[file.machine] ?? "machine \(file.machine)"
            let expected = machineNames[ownMachine] ?? "machine \(ownMachine)"
            findings.append(
                .refused(
                    "machine", "built for \(found), this host is \(expected)", "rebuild for it"))
        }
        let isExecutable = (file.dynamic[DynamicTag.flags1]?.first ?? 0) & 0x0800_0000 != 0
        if file.type != 3 || isExecutable {
            findings.append(
                .refused("type", "an executable, expected a shared library", "link with -shared"))
        }
        return findings
    }

    private static func symbolFindings(_ file: ELFFile) throws -> [ELFReport.Finding] {
        let entry = "roost_plugin_query_v1"
        var (hasEntry, isUnique) = (false, false)
        var others: (count: Int, sample: [String]) = (0, [])
        try file.forEachDynamicSymbol { symbol in
            guard symbol.isDefined, symbol.binding != 0, !isLinkers(symbol) else { return }
            isUnique = isUnique || symbol.binding == 10
            if symbol.name.elementsEqual(entry.utf8) {
                hasEntry = true
                return
            }
            others.count += 1
            if others.sample.count < 3 { others.sample.append(symbol.shortName) }
        }
        var findings: [ELFReport.Finding] = []
        if !hasEntry {
            findings.append(
                .refused(
                    "entry", "does not export \(entry)",
                    "define it with C linkage, include roost_plugin.h, and keep it global in the "
                        + "version script"))
        }
        if others.count > 0 {
            findings.append(
                .warning(
                    "exports",
                    "exports \(others.count) more symbols (\(others.sample.joined(separator: ", ")))",
                    "link with -Wl,--version-script=exports.map so that no other library binds to them"
                ))
        }
        if isUnique {
            findings.append(
                .inProcess(
                    "unique", "has STB_GNU_UNIQUE symbols, which two generations would share",
                    "compile with -fno-gnu-unique"))
        }
        return findings
    }

    /// What linkers add to every library without a version script; nothing binds to it.
    private static func isLinkers(_ symbol: ELFFile.Symbol) -> Bool {
        ["_init", "_fini", "_edata", "_end", "__bss_start"].contains {
            symbol.name.elementsEqual($0.utf8)
        }
    }

    private static func memoryFindings(_ file: ELFFile) -> [ELFReport.Finding] {
        var findings: [ELFReport.Finding] = []
        let stack = file.segments.first { $0.type == SegmentType.gnuStack }
        if stack.map({ $0.flags & 1 != 0 }) ?? true {
            findings.append(
                .refused("stack", "asks for an executable stack", "link with -Wl,-z,noexecstack"))
        }
        if file.dynamic[DynamicTag.textRelocations] != nil || file.hasFlag(0x4) {
            findings.append(
                .refused("text", "has relocations in its code", "compile with -fPIC"))
        }
        if file.hasFlag(0x10) {
            findings.append(
                .inProcess(
                    "static-tls",
                    "uses static thread-local storage, which reloads in one process exhaust",
                    "compile with -ftls-model=global-dynamic, or keep it in a worker"))
        }
        return findings
    }

    private static func versionFindings(_ file: ELFFile) throws -> [ELFReport.Finding] {
        var required: GLibCVersion?
        try file.forEachRequiredVersion { name in
            guard let version = GLibCVersion(name) else { return }
            required = max(required ?? version, version)
        }
        guard let required, let own = GLibCVersion.running, own < required else { return [] }
        return [
            .refused(
                "glibc", "needs glibc \(required), this system has \(own)",
                "build on a system with glibc \(own) or older")
        ]
    }

    private static func libraryFindings(
        _ file: ELFFile, folder: String
    ) throws -> [ELFReport.Finding] {
        let runPath = try file.runPath
        return try file.neededLibraries.compactMap { name in
            let search = LibrarySearch(runPath: runPath, origin: folder)
            guard search.find(name) == nil else { return nil }
            return .refused(
                "needed", "needs \(name), which is not found",
                "install it, or put it beside the plugin and link with -Wl,-rpath,'$ORIGIN'")
        }
    }

    private static func containsSwift(_ file: ELFFile) throws -> Bool {
        try file.hasSection(prefix: "swift5_") || file.neededLibraries.contains("libswiftCore.so")
    }
}

extension ELFReport.Finding {
    fileprivate static func refused(_ rule: String, _ message: String, _ fix: String) -> Self {
        Self(rule: rule, message: message, fix: fix, severity: .refused)
    }

    fileprivate static func inProcess(_ rule: String, _ message: String, _ fix: String) -> Self {
        Self(rule: rule, message: message, fix: fix, severity: .refusedInProcess)
    }

    fileprivate static func warning(_ rule: String, _ message: String, _ fix: String) -> Self {
        Self(rule: rule, message: message, fix: fix, severity: .warning)
    }
}

extension ELFFile.Symbol {
    /// For a sentence.
    fileprivate var shortName: String {
        let text = String(decoding: name.prefix(80), as: UTF8.self)
        return name.count > 80 ? text + "…" : text
    }
}

/// A version of the C library, as `GLIBC_2.34` names it.
struct GLibCVersion: Comparable, CustomStringConvertible {
    let major: Int
    let minor: Int

    /// - Returns: `nil` for other names, such as `GLIBC_PRIVATE` or `GCC_3.0`.
    init?(_ symbolVersion: UnsafeRawBufferPointer) {
        let prefix = "GLIBC_".utf8
        guard symbolVersion.starts(with: prefix), symbolVersion.count < 64 else { return nil }
        self.init(number: Substring(decoding: symbolVersion.dropFirst(prefix.count), as: UTF8.self))
    }

    private init?(number: Substring) {
        let parts = number.split(separator: ".").map { Int($0) }
        guard parts.count >= 2, let major = parts[0], let minor = parts[1] else { return nil }
        self.major = major
        self.minor = minor
    }

    /// The one that this process runs on.
    static let running: GLibCVersion? = {
        var text = [CChar](repeating: 0, count: 64)  // "glibc 2.36"
        guard confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count) > 0 else { return nil }
        let name = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        return GLibCVersion(number: name.drop { !$0.isNumber })
    }()

    static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    var description: String { "\(major).\(minor)" }
}
