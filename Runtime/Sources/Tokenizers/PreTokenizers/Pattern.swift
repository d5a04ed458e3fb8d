internal import CPCRE2

/// A regular expression over Unicode text, compiled to machine code by PCRE2.
final class Pattern: @unchecked Sendable {
    let source: String
    /// Read-only once compiled, which makes the class Sendable.
    private let code: OpaquePointer

    /// - Throws: ``TokenizerError/pattern(pattern:offset:reason:)``
    init(_ source: String) throws {
        let options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY
        var failure: Int32 = 0
        var offset = 0
        var text = source
        let code = text.withUTF8 {
            pcre2_compile_8($0.baseAddress, $0.count, options, &failure, &offset, nil)
        }
        guard let code else {
            throw TokenizerError.pattern(
                pattern: source, offset: offset, reason: Self.message(failure))
        }
        self.source = source
        self.code = code
        // Where machine code is forbidden, the interpreter gives the same matches.
        pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
    }

    deinit { pcre2_code_free_8(code) }

    /// Calls `body` with every match in `text`, which must be UTF-8; matches are not empty.
    func forEachMatch(in text: Span<UInt8>, _ body: (Range<Int>) throws -> Void) throws {
        guard let match = pcre2_match_data_create_8(1, nil) else {
            throw TokenizerError.matching(pattern: source, reason: "out of memory")
        }
        defer { pcre2_match_data_free_8(match) }
        try text.withUnsafeBufferPointer { text in
            var start = 0
            while start < text.count, let range = try next(in: text, from: start, match) {
                try body(range)
                start = range.upperBound
            }
        }
    }

    private func next(
        in text: UnsafeBufferPointer<UInt8>, from start: Int, _ match: OpaquePointer
    ) throws -> Range<Int>? {
        let options = UInt32(PCRE2_NO_UTF_CHECK) | UInt32(PCRE2_NOTEMPTY)
        var status = pcre2_match_8(code, text.baseAddress, text.count, start, options, match, nil)
        if status == PCRE2_ERROR_JIT_STACKLIMIT {
            let slow = options | UInt32(PCRE2_NO_JIT)
            status = pcre2_match_8(code, text.baseAddress, text.count, start, slow, match, nil)
        }
        if status == PCRE2_ERROR_NOMATCH { return nil }
        guard status >= 0, let ends = pcre2_get_ovector_pointer_8(match), ends[0] >= start,
            ends[1] > ends[0]
        else { throw TokenizerError.matching(pattern: source, reason: Self.message(status)) }
        return ends[0]..<ends[1]
    }

    private static func message(_ status: Int32) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
            let count = pcre2_get_error_message_8(status, buffer.baseAddress, buffer.count)
            return String(decoding: buffer.prefix(max(0, Int(count))), as: UTF8.self)
        }
    }
}

extension Pattern {
    /// The pattern that matches exactly `text`.
    static func quoted(_ text: String) -> String {
        text.unicodeScalars.map { #"\x{\#(String($0.value, radix: 16))}"# }.joined()
    }
}
