internal import CPCRE2

/// A regular expression over Unicode text, compiled to machine code by PCRE2.
final class Pattern: @unchecked Sendable {
    let source: String
    /// Read-only once compiled, so the class is Sendable.
    private let code: OpaquePointer
    /// Whether a match may be empty.
    private let matchesNothing: Bool

    /// - Parameter source: in Oniguruma's syntax, as in tokenizer.json.
    /// - Throws: ``TokenizerError/pattern(pattern:offset:reason:)``
    init(_ source: String) throws {
        self.source = source
        switch Self.compile(try OnigurumaPattern.respelled(source)) {
        case .success(let compiled): code = compiled
        case .failure(let failure):
            throw TokenizerError.pattern(pattern: source, offset: nil, reason: failure.reason)
        }
        var flag: UInt32 = 0
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_MATCHEMPTY), &flag)
        matchesNothing = flag != 0
        // If machine code is forbidden, the interpreter gives the same matches.
        pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
    }

    /// - Parameter pattern: in PCRE2's own syntax.
    private static func compile(_ pattern: String) -> Result<OpaquePointer, Failure> {
        let options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C
        var status: Int32 = 0
        var offset = 0
        var pattern = pattern
        let code = pattern.withUTF8 {
            pcre2_compile_8($0.baseAddress, $0.count, options, &status, &offset, nil)
        }
        return code.map(Result.success) ?? .failure(Failure(reason: message(status)))
    }

    private struct Failure: Error {
        let reason: String
    }

    /// Whether PCRE2 accepts a pattern in its own syntax.
    static func compiles(_ pattern: String) -> Bool {
        guard case .success(let code) = compile(pattern) else { return false }
        pcre2_code_free_8(code)
        return true
    }

    deinit { pcre2_code_free_8(code) }

    /// Calls `body` with every match in `text`, which must be UTF-8. A match may be empty, but not where
    /// the one before it ends.
    func forEachMatch(in text: Span<UInt8>, _ body: (Range<Int>) throws -> Void) throws {
        try text.withUnsafeBufferPointer { text in
            let search = try Search(self, in: text)
            var start = 0
            var end = -1
            while start < text.count || matchesNothing && start == text.count,
                let range = try search.next(from: start)
            {
                if range.isEmpty && range.lowerBound == end {
                    guard start < text.count else { return }
                    start = UTF8Runs.endOfCharacter(in: text.span, at: start)
                } else {
                    (start, end) = (range.upperBound, range.upperBound)
                    try body(range)
                }
            }
        }
    }

    /// The state of matching one text.
    private struct Search: ~Copyable {
        private let pattern: Pattern
        private let text: UnsafeBufferPointer<UInt8>
        private let match: OpaquePointer
        private let context: OpaquePointer

        init(_ pattern: Pattern, in text: UnsafeBufferPointer<UInt8>) throws {
            guard let match = pcre2_match_data_create_8(1, nil) else {
                throw TokenizerError.matching(pattern: pattern.source, reason: "out of memory")
            }
            guard let context = pcre2_match_context_create_8(nil) else {
                pcre2_match_data_free_8(match)
                throw TokenizerError.matching(pattern: pattern.source, reason: "out of memory")
            }
            // White space of any length is backtracked over once; only a pattern whose time grows
            // faster than the text reaches the limit.
            pcre2_set_match_limit_8(context, UInt32(clamping: 10_000_000 + 64 * text.count))
            self.pattern = pattern
            self.text = text
            self.match = match
            self.context = context
        }

        deinit {
            pcre2_match_context_free_8(context)
            pcre2_match_data_free_8(match)
        }

        func next(from start: Int) throws -> Range<Int>? {
            var status = run(from: start, UInt32(PCRE2_NO_UTF_CHECK))
            if status == PCRE2_ERROR_JIT_STACKLIMIT {
                status = run(from: start, UInt32(PCRE2_NO_UTF_CHECK) | UInt32(PCRE2_NO_JIT))
            }
            if status == PCRE2_ERROR_NOMATCH { return nil }
            guard status >= 0, let ends = pcre2_get_ovector_pointer_8(match), ends[0] >= start,
                ends[1] >= ends[0]
            else {
                throw TokenizerError.matching(
                    pattern: pattern.source, reason: Pattern.message(status))
            }
            return ends[0]..<ends[1]
        }

        private func run(from start: Int, _ options: UInt32) -> Int32 {
            pcre2_match_8(
                pattern.code, text.baseAddress, text.count, start, options, match, context)
        }
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
