import JSON

/// A JSON Schema with all its subschemas, which are numbered as they are used.
struct SchemaDocument {
    struct Node {
        let json: JSONValue
        /// Where it stands in the document (RFC 6901); what is derived from it keeps its place.
        let pointer: String
        /// Whether it follows from the document without being in it.
        var isDerived = false
    }

    private(set) var nodes: [Node] = []
    private var numbers: [String: Int32] = [:]
    private let root: JSONValue
    /// Where the resources that have an `$id` begin, by their URIs.
    private var resources: [String: String] = ["": ""]
    /// The pointers of `$anchor` and `$dynamicAnchor`, by `URI#name`.
    private var anchors: [String: String] = [:]
    private var ambiguous: Set<String> = []
    /// The URI of each resource, by its pointer.
    private var uris: [String: String] = ["": ""]

    /// More values, and more bytes of text, than this are not read.
    private static let mostValues = 50_000
    private static let mostBytes = 1 << 20

    init(_ root: JSONValue) throws(GrammarError) {
        self.root = root
        var (values, bytes) = (Self.mostValues, Self.mostBytes)
        try Self.count(root, at: "", &values, &bytes)
        collect(root, at: "", base: "")
    }

    // MARK: - Nodes

    /// The schema at a pointer.
    mutating func node(at pointer: String) -> Int32? {
        if let known = numbers[pointer] { return known }
        guard let json = value(at: pointer) else { return nil }
        return register(json, at: pointer)
    }

    /// A member or element of a schema.
    mutating func child(_ node: Int32, _ path: String..., json: JSONValue) -> Int32 {
        let pointer = path.reduce(nodes[Int(node)].pointer) { $0 + "/" + Self.escaped($1) }
        if nodes[Int(node)].isDerived {
            nodes.append(Node(json: json, pointer: pointer, isDerived: true))
            return Int32(nodes.count - 1)
        }
        return numbers[pointer] ?? register(json, at: pointer)
    }

    /// A schema that is not in the document but follows from one that is.
    mutating func derived(from node: Int32, _ json: JSONValue) -> Int32 {
        nodes.append(Node(json: json, pointer: nodes[Int(node)].pointer, isDerived: true))
        return Int32(nodes.count - 1)
    }

    private mutating func register(_ json: JSONValue, at pointer: String) -> Int32 {
        nodes.append(Node(json: json, pointer: pointer))
        numbers[pointer] = Int32(nodes.count - 1)
        return Int32(nodes.count - 1)
    }

    private func value(at pointer: String) -> JSONValue? {
        var value = root
        for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let key = Self.unescaped(String(part))
            switch value {
            case .object(let object):
                guard let member = object[key] else { return nil }
                value = member
            case .array(let elements):
                guard let index = Int(key), elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }

    static func escaped(_ key: String) -> String {
        var escaped = ""
        for scalar in key.unicodeScalars {
            switch scalar {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func unescaped(_ part: String) -> String {
        var result = ""
        var isEscape = false
        for scalar in part.unicodeScalars {
            if isEscape {
                result += scalar == "1" ? "/" : "~"
                isEscape = false
            } else if scalar == "~" {
                isEscape = true
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func count(
        _ value: JSONValue, at pointer: String, _ left: inout Int, _ bytes: inout Int
    ) throws(GrammarError) {
        left -= 1
        if case .string(let text) = value { bytes -= text.utf8.count }
        guard left >= 0, bytes >= 0 else {
            throw GrammarError(
                "the schema has more than \(mostValues) values or \(mostBytes) bytes of text up to "
                    + "here; split it", at: .pointer(pointer))
        }
        switch value {
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                try count(element, at: "\(pointer)/\(index)", &left, &bytes)
            }
        case .object(let object):
            for (key, member) in object.members {
                bytes -= key.utf8.count
                try count(
                    member, at: "\(pointer)/\(escaped(String(key.prefix(40))))", &left, &bytes)
            }
        default: break
        }
    }
}

// MARK: - References

extension SchemaDocument {
    private static let single: Set = [
        "not", "if", "then", "else", "items", "contains", "additionalProperties",
        "propertyNames", "unevaluatedProperties", "unevaluatedItems", "contentSchema",
    ]
    private static let lists: Set = ["allOf", "anyOf", "oneOf", "prefixItems", "items"]
    private static let maps: Set = [
        "properties", "patternProperties", "$defs", "definitions", "dependentSchemas",
    ]

    /// Finds the names that schemas have.
    private mutating func collect(_ json: JSONValue, at pointer: String, base: String) {
        guard case .object(let object) = json else { return }
        var base = base
        if let id = object["$id"]?.string {
            base = Self.resolve(id.split(separator: "#").first.map(String.init) ?? "", base)
            resources[base] = pointer
            uris[pointer] = base
        }
        for keyword in ["$anchor", "$dynamicAnchor"] {
            guard let name = object[keyword]?.string else { continue }
            let key = base + "#" + name
            if keyword == "$dynamicAnchor",
                anchors.keys.contains(where: { $0.hasSuffix("#" + name) })
            {
                ambiguous.insert(name)
            }
            anchors[key] = pointer
        }
        for (key, value) in object.members {
            let place = pointer + "/" + Self.escaped(key)
            if Self.single.contains(key), value.object != nil {
                collect(value, at: place, base: base)
            } else if Self.lists.contains(key), let elements = value.array {
                for (index, element) in elements.enumerated() {
                    collect(element, at: "\(place)/\(index)", base: base)
                }
            } else if Self.maps.contains(key), let members = value.object {
                for (name, member) in members.members {
                    collect(member, at: place + "/" + Self.escaped(name), base: base)
                }
            }
        }
    }

    /// The schema that a node's `$ref` or `$dynamicRef` names.
    mutating func target(
        of reference: String, from node: Int32, _ keyword: String
    ) throws(GrammarError) -> Int32 {
        let pointer = nodes[Int(node)].pointer
        let place = GrammarError.Place.pointer(pointer + "/" + keyword)
        let parts = reference.split(
            separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let fragment = parts.count > 1 ? Self.percentDecoded(String(parts[1])) : ""
        let base = uri(around: pointer)
        let uri = parts[0].isEmpty ? base : Self.resolve(String(parts[0]), base)
        guard let resource = resources[uri] else {
            throw GrammarError(
                "refers to '\(reference.shortened)', which is not in the schema; only references "
                    + "within it are followed", at: place)
        }
        var target: String? = resource + fragment
        if !fragment.isEmpty, !fragment.hasPrefix("/") {
            if keyword == "$dynamicRef", ambiguous.contains(fragment) {
                throw GrammarError(
                    "may refer to several schemas, depending on where it is used; use $ref",
                    at: place)
            }
            target = anchors[uri + "#" + fragment]
        }
        guard let target, let found = self.node(at: target) else {
            throw GrammarError(
                "refers to '\(reference.shortened)', which is not in the schema", at: place)
        }
        return found
    }

    /// The URI of the resource that a pointer leads into.
    private func uri(around pointer: String) -> String {
        var prefix = Substring(pointer)
        while true {
            if let uri = uris[String(prefix)] { return uri }
            guard let slash = prefix.lastIndex(of: "/") else { return uris[""] ?? "" }
            prefix = prefix[..<slash]
        }
    }

    /// A relative reference (RFC 3986, section 5, without dot segments).
    private static func resolve(_ reference: String, _ base: String) -> String {
        let scheme = reference.prefix { $0.isLetter || $0.isNumber || "+-.".contains($0) }
        if reference[scheme.endIndex...].hasPrefix(":") { return reference }
        if reference.isEmpty { return base }
        let authority =
            base.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
            .prefix(3).joined(separator: "/")
        if reference.hasPrefix("/") { return authority + reference }
        guard let slash = base.lastIndex(of: "/") else { return reference }
        return base[...slash] + reference
    }

    private static func percentDecoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
