/// The part of a dead worker's output that says why it died.
///
/// The last line is often the least useful: Rust ends with "aborting", Zig with an address, Go with
/// a stack.
enum LastWords {
    private static let longest = 600

    /// How a panic, an exception, an assertion or a sanitizer's report begins.
    private static let beginnings = [
        "panicked at", "panic: ", "terminate called", "what():", "Assertion", "assertion failed",
        "Fatal error:", "fatal error:", "fatal runtime error", "ERROR: AddressSanitizer",
        "ERROR: ThreadSanitizer", "runtime error:", "stack smashing detected", "free(): ",
        "malloc(): ", "double free", "symbol lookup error", "Unhandled exception",
    ]

    /// The first line with such a beginning and the two behind it, else the last three lines.
    static func of(_ output: String) -> String {
        let lines = output.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
        let first = lines.firstIndex { line in beginnings.contains { line.contains($0) } }
        let chosen = first.map { lines[$0...].prefix(3) } ?? lines.suffix(3)
        let words = chosen.map { $0.trimmingSpaces }.joined(separator: " / ")
        return words.count > longest ? words.prefix(longest) + "…" : words
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var line = drop(while: \.isWhitespace)
        while line.last?.isWhitespace == true { line.removeLast() }
        return line
    }
}
