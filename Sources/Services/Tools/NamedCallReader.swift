/// A call as a name, a mark and a JSON object: `name[ARGS]{…}`.
///
/// DeepSeek V3 writes the kind of the call before the mark, and the name and a fence after it:
///
///     function<｜tool▁sep｜>name
///     ```json
///     {…}
///     ```
struct NamedCallReader: CallReader {
    private enum Place {
        case name, identifier, afterMark, innerName, fence, arguments
    }

    private let tools: DeclaredTools
    private var marks: LiteralMatcher
    private let mark: [UInt8]
    private var place = Place.name
    private(set) var hasBegun = false
    private var name: [UInt8] = []
    /// What stands between the inner name and the object.
    private var fenced: [UInt8] = []
    private var scanner = JSONScanner()

    /// - Parameters:
    ///   - mark: after the name.
    ///   - identifier: between the name and an id, before the mark.
    init(_ tools: DeclaredTools, mark: [UInt8], identifier: [UInt8] = []) {
        self.tools = tools
        self.mark = mark
        marks = LiteralMatcher([mark, identifier])
    }

    private static let kind = Array("function".utf8)
    private static let fence = Array("```json".utf8)

    mutating func push(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        switch place {
        case .name, .identifier: return head(byte)
        case .afterMark:
            if byte.isSpace { return .more }
            if byte == UInt8(ascii: "{") { return begin(byte, &out) }
            guard name.trimmed == Self.kind else { return .failed }
            name = [byte]
            place = .innerName
            return .more
        case .innerName:
            if byte == UInt8(ascii: "\n") {
                place = .fence
                fenced = []
                return tools.name(name.trimmed) == nil ? .failed : .more
            }
            name.append(byte)
            return tools.mayName(name.trimmed) ? .more : .failed
        case .fence:
            if byte == UInt8(ascii: "{"), fenced.isEmpty || fenced == Self.fence {
                return begin(byte, &out)
            }
            if byte.isSpace { return .more }
            fenced.append(byte)
            return Self.fence.starts(with: fenced) ? .more : .failed
        case .arguments:
            let step = scanner.push(byte)
            guard step == .more || step == .last else { return .failed }
            out.add(byte, to: .arguments)
            guard step == .last else { return .more }
            out.endCall()
            hasBegun = false
            return .done
        }
    }

    mutating func finish(_ out: inout OutputParts, isCut: Bool) {}

    private mutating func head(_ byte: UInt8) -> CallStep {
        marks.push(byte)
        while let event = marks.next() {
            switch event {
            case .literal(let found): place = found == mark ? .afterMark : .identifier
            case .byte(let byte):
                guard place == .name else { continue }
                name.append(byte)
                let isPossible =
                    tools.mayName(name.trimmed) || Self.kind.starts(with: name.trimmed)
                if !isPossible { return .failed }
            }
        }
        return .more
    }

    private mutating func begin(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        guard let name = tools.name(name.trimmed) else { return .failed }
        out.begin(call: name)
        hasBegun = true
        place = .arguments
        scanner = JSONScanner()
        _ = scanner.push(byte)
        out.add(byte, to: .arguments)
        return .more
    }
}
