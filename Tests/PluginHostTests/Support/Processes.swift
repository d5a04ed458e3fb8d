import Glibc

/// What `/proc` says of a process; nil when there is none.
struct ProcessState {
    let id: Int32
    let letter: Character
    let parent: Int32
    let group: Int32

    init?(_ id: Int32) {
        guard let text = readText("/proc/\(id)/stat"), let end = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 3, let letter = fields[0].first, let parent = Int32(fields[1]),
            let group = Int32(fields[2])
        else { return nil }
        self.id = id
        self.letter = letter
        self.parent = parent
        self.group = group
    }

    var isAlive: Bool { letter != "Z" && letter != "X" }

    static var all: [ProcessState] {
        guard let stream = opendir("/proc") else { return [] }
        defer { closedir(stream) }
        var found: [ProcessState] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let id = Int32(name), let state = ProcessState(id) { found.append(state) }
        }
        return found
    }
}

/// Whether a process has ended; it may wait to be reaped.
func isGone(_ id: Int32) -> Bool {
    ProcessState(id)?.isAlive != true
}

func livingMembers(ofGroup group: Int32) -> [Int32] {
    ProcessState.all.filter { $0.group == group && $0.isAlive }.map(\.id)
}

func livingChildren(of parent: Int32) -> [Int32] {
    ProcessState.all.filter { $0.parent == parent && $0.isAlive }.map(\.id)
}

func readText(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
}

/// How many files of a folder this process has open.
func openFiles(below folder: String) -> Int {
    var path = [UInt8](repeating: 0, count: 4096)
    return (0..<getdtablesize()).count { number in
        let length = readlink("/proc/self/fd/\(number)", &path, path.count)
        return String(decoding: path.prefix(max(0, length)), as: UTF8.self)
            .hasPrefix(folder + "/")
    }
}

/// The next line that a process writes, without its end.
func line(of stream: UnsafeMutablePointer<FILE>) -> String {
    var bytes = [CChar](repeating: 0, count: 1024)
    guard fgets(&bytes, Int32(bytes.count), stream) != nil else { return "" }
    return String(
        decoding: bytes.prefix { $0 != 10 && $0 != 0 }.map { UInt8(bitPattern: $0) },
        as: UTF8.self)
}
