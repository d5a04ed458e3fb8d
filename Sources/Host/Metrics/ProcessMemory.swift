import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// How much memory a process has.
enum ProcessMemory {
    /// Resident bytes of a process, or nil where the system does not say.
    static func resident(_ processID: Int32? = nil) -> UInt64? {
        let process = processID.map(String.init) ?? "self"
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/statm") else {
            return nil
        }
        let fields = String(decoding: data, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = UInt64(fields[1]) else { return nil }
        return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }
}
