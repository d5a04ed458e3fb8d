import Glibc
import Grammar
import JSON

/// A vocabulary in a file: a token's bytes per line, in hexadecimal digits.
enum VocabularyFile {
    static func trie(_ path: String) throws -> TokenTrie {
        guard let file = fopen(path, "r") else { throw GrammarError("cannot open \(path)") }
        defer { fclose(file) }
        var text: [UInt8] = []
        while case let byte = getc(file), byte != EOF { text.append(UInt8(byte)) }
        let tokens = text.split(separator: 0x0A, omittingEmptySubsequences: false).map(Self.bytes)
        return TokenTrie(count: tokens.count) { tokens[Int($0)][...] }
    }

    private static func bytes(_ digits: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = digits
        while let high = rest.popFirst(), let low = rest.popFirst() {
            bytes.append(UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16) ?? 0)
        }
        return bytes
    }
}

enum Speed {
    /// Microseconds to compile a grammar, and to make the mask before each token of its instances.
    static func measure(_ line: String, _ trie: TokenTrie) throws -> JSONValue {
        let task = try Task(line)
        do {
            return try measure(task, trie)
        } catch {
            return ["error": .string(String(describing: error))]
        }
    }

    private static func measure(_ task: Task, _ trie: TokenTrie) throws -> JSONValue {
        let clock = ContinuousClock()
        let start = clock.now
        let bound = try TokenGrammar(try Grammar(task.expression), trie)
        let compile = microseconds(clock.now - start)
        var masks: [JSONValue] = []
        for instance in task.instances {
            let cursor = bound.begin()
            for token in trie.longestTokens(of: Array(instance.utf8)) {
                let start = clock.now
                _ = cursor.allowedTokens()
                masks.append(microseconds(clock.now - start))
                guard cursor.append(token) != nil else { break }
            }
        }
        return ["compile": compile, "masks": .array(masks)]
    }

    private static func microseconds(_ time: Duration) -> JSONValue {
        let parts = time.components
        return .number(Double(parts.seconds) * 1e6 + Double(parts.attoseconds) * 1e-12)
    }
}
