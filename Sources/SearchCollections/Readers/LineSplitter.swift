/// Splits a stream of bytes into lines, with a bound on their length.
struct LineSplitter: Sendable {
    let limit: Int
    private var line: [UInt8] = []
    private var number = 1
    private var isTooLong = false
    private var endedWithCR = false

    private static let lf = UInt8(ascii: "\n")
    private static let cr = UInt8(ascii: "\r")

    init(limit: Int) {
        self.limit = limit
    }

    /// Calls `body` for each complete line with its number; nil for one that is too long.
    mutating func split(_ bytes: [UInt8], _ body: (Int, [UInt8]?) throws -> Void) rethrows {
        var start = 0
        for index in bytes.indices where bytes[index] == Self.lf || bytes[index] == Self.cr {
            let isSecond = bytes[index] == Self.lf && endedWithCR && index == start
            endedWithCR = bytes[index] == Self.cr
            defer { start = index + 1 }
            if isSecond && line.isEmpty && !isTooLong { continue }
            append(bytes[start..<index])
            try end(body)
        }
        if start < bytes.count { endedWithCR = false }
        append(bytes[start...])
    }

    /// Passes on a last line without an end.
    mutating func finish(_ body: (Int, [UInt8]?) throws -> Void) rethrows {
        if !line.isEmpty || isTooLong { try end(body) }
    }

    private mutating func append(_ piece: ArraySlice<UInt8>) {
        if line.count + piece.count > limit {
            isTooLong = true
            line = []
        } else if !isTooLong {
            line += piece
        }
    }

    private mutating func end(_ body: (Int, [UInt8]?) throws -> Void) rethrows {
        try body(number, isTooLong ? nil : line)
        number += 1
        isTooLong = false
        line.removeAll(keepingCapacity: true)
    }
}

extension [UInt8] {
    /// Whether the line contains only blanks.
    var isBlank: Bool { allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}
