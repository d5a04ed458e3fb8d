import JSON

/// A call as a JSON object, `{"name": …, "arguments": {…}}`, or an array of those.
///
/// Members come in any order, and others are passed over. As soon as name and arguments are known, the
/// arguments are sent as they are written.
struct JSONCallReader: CallReader {
    /// Where in the notation the next byte stands.
    private enum Place {
        case start
        /// Before a member's key or the end of the object.
        case key, keyText, colon, value
        case name, arguments, quotedArguments, other
        /// After a member, after an object of an array.
        case member, element
    }

    private let tools: DeclaredTools
    private let isBare: Bool
    private var place = Place.start
    private var isArray = false
    private(set) var hasBegun = false
    private var text: [UInt8] = []
    private var key = ""
    private var name: String?
    /// Arguments that come before the name.
    private var early: [UInt8]?
    private var hasArguments = false
    private var scanner = JSONScanner()

    /// - Parameter isBare: no mark says that there is a call, so that its members must: an object with
    ///   others is none.
    init(_ tools: DeclaredTools, isBare: Bool = false) {
        self.tools = tools
        self.isBare = isBare
    }

    private static let nameKeys: Set = ["name", "tool_name"]
    private static let argumentKeys: Set = ["arguments", "parameters"]
    private static let otherKeys: Set = ["type", "id", "tool_call_id"]

    mutating func push(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        switch place {
        case .start: return start(byte)
        case .key:
            if byte.isSpace { return .more }
            if byte == UInt8(ascii: "}") { return endObject(&out) }
            return byte == UInt8(ascii: "\"") ? read(.keyText, from: byte) : .failed
        case .keyText: return string(byte) { $0.readKey($1) }
        case .colon:
            if byte == UInt8(ascii: ":") { place = .value }
            return byte.isSpace || place == .value ? .more : .failed
        case .value: return byte.isSpace ? .more : beginValue(byte, &out)
        case .name:
            return string(byte) { reader, name in
                guard reader.tools[name] != nil else { return .failed }
                reader.name = name
                reader.place = .member
                return .more
            }
        case .quotedArguments: return quoted(byte, &out)
        case .arguments: return arguments(byte, &out)
        case .other: return other(byte, &out)
        case .member:
            if byte.isSpace { return .more }
            if byte == UInt8(ascii: "}") { return endObject(&out) }
            place = .key
            return byte == UInt8(ascii: ",") ? .more : .failed
        case .element:
            if byte.isSpace { return .more }
            if byte == UInt8(ascii: "]") { return .done }
            place = .start
            return byte == UInt8(ascii: ",") ? .more : .failed
        }
    }

    mutating func finish(_ out: inout OutputParts, isCut: Bool) {}

    private mutating func start(_ byte: UInt8) -> CallStep {
        if byte.isSpace { return .more }
        if byte == UInt8(ascii: "["), !isArray {
            isArray = true
            return .more
        }
        guard byte == UInt8(ascii: "{") else { return .failed }
        (name, early, hasArguments, place) = (nil, nil, false, .key)
        return .more
    }

    private mutating func readKey(_ key: String) -> CallStep {
        self.key = key
        place = .colon
        let isKnown = [Self.nameKeys, Self.argumentKeys, Self.otherKeys].contains {
            $0.contains(key)
        }
        return isKnown || !isBare ? .more : .failed
    }

    private mutating func read(_ place: Place, from byte: UInt8) -> CallStep {
        self.place = place
        text = [byte]
        scanner = JSONScanner()
        return scanner.push(byte) == .broken ? .failed : .more
    }

    /// Reads on in a string, which `then` gets.
    private mutating func string(
        _ byte: UInt8, then: (inout JSONCallReader, String) -> CallStep
    ) -> CallStep {
        text.append(byte)
        switch scanner.push(byte) {
        case .more: return .more
        case .last:
            guard let string = try? JSONValue(parsing: text).string else { return .failed }
            return then(&self, string)
        case .past, .broken: return .failed
        }
    }

    private mutating func beginValue(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        if Self.nameKeys.contains(key), name == nil {
            return byte == UInt8(ascii: "\"") ? read(.name, from: byte) : .failed
        }
        guard Self.argumentKeys.contains(key), !hasArguments else {
            return read(.other, from: byte)
        }
        switch byte {
        case UInt8(ascii: "{"):
            hasArguments = true
            if name != nil {
                begin(&out)
                out.add(byte, to: .arguments)
            }
            return read(.arguments, from: byte)
        case UInt8(ascii: "\""):
            hasArguments = true
            return read(.quotedArguments, from: byte)
        case UInt8(ascii: "n"): return read(.other, from: byte)
        default: return .failed
        }
    }

    private mutating func begin(_ out: inout OutputParts) {
        out.begin(call: name ?? "")
        hasBegun = true
    }

    private mutating func arguments(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        let step = scanner.push(byte)
        guard step == .more || step == .last else { return .failed }
        if hasBegun { out.add(byte, to: .arguments) } else { text.append(byte) }
        if step == .last {
            if !hasBegun { early = text }
            place = .member
        }
        return .more
    }

    /// Arguments as a string that spells the object.
    private mutating func quoted(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        string(byte) { reader, spelled in
            reader.early = Array(spelled.utf8)
            reader.place = .member
            return .more
        }
    }

    private mutating func other(_ byte: UInt8, _ out: inout OutputParts) -> CallStep {
        switch scanner.push(byte) {
        case .more: return .more
        case .last:
            place = .member
            return .more
        case .past:
            place = .member
            return push(byte, &out)
        case .broken: return .failed
        }
    }

    private mutating func endObject(_ out: inout OutputParts) -> CallStep {
        guard name != nil else { return .failed }
        if !hasBegun {
            begin(&out)
            out.add(early ?? Array("{}".utf8), to: .arguments)
        }
        out.endCall()
        hasBegun = false
        place = .element
        return isArray ? .more : .done
    }
}
