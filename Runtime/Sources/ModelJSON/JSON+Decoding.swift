/// How keys of a file map to those of a type.
public enum JSONKeys: Sendable {
    case verbatim
    /// `num_heads` is `numHeads`; the keys of a `[String: Value]` stay as they are.
    case fromSnakeCase
}

extension JSON {
    /// Decodes a `Decodable` type from JSON, without Foundation.
    ///
    /// If an object has a key twice, the last one counts.
    ///
    /// - Throws: `DecodingError`, whose coding path has the keys as they are in the file.
    public func decoded<Value: Decodable>(
        as type: Value.Type = Value.self, keys: JSONKeys = .fromSnakeCase
    ) throws -> Value {
        try JSONValueDecoder(json: self, keys: keys, codingPath: []).decode(type)
    }

    /// The value that a coding path leads to.
    public func value(at path: some Collection<any CodingKey>) -> JSON? {
        guard let key = path.first else { return self }
        switch self {
        case .array(let elements):
            guard let index = key.intValue, elements.indices.contains(index) else { return nil }
            return elements[index].value(at: path.dropFirst())
        case .object(let members):
            let member = members.last { $0.key == key.stringValue }
            return member?.value.value(at: path.dropFirst())
        default: return nil
        }
    }
}

/// A key of an object or an index of an array.
private struct PathKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }
}

private struct JSONValueDecoder: Decoder {
    let json: JSON
    let keys: JSONKeys
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = json else { throw mismatch([String: JSON].self) }
        return KeyedDecodingContainer(ObjectContainer(members, self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = json else { throw mismatch([JSON].self) }
        return ArrayContainer(elements: elements, decoder: self)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        ValueContainer(decoder: self)
    }

    func child(_ json: JSON, _ key: PathKey) -> JSONValueDecoder {
        JSONValueDecoder(json: json, keys: keys, codingPath: codingPath + [key])
    }
}

// MARK: - Values

extension JSONValueDecoder {
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let type = type as? any VerbatimKeys.Type {
            return try type.init(members: self) as! Value
        }
        return try Value(from: self)
    }

    func bool() throws -> Bool {
        guard case .bool(let value) = json else { throw mismatch(Bool.self) }
        return value
    }

    func string() throws -> String {
        guard case .string(let value) = json else { throw mismatch(String.self) }
        return value
    }

    func real<Number: BinaryFloatingPoint>(_ type: Number.Type) throws -> Number {
        let value: Number
        switch json {
        case .integer(let integer): value = Number(integer)
        case .number(let number): value = Number(number)
        default: throw mismatch(type)
        }
        guard value.isFinite else { throw outOfRange(type) }
        return value
    }

    /// `3.0` is an integer, `3.5` is not; from 2^53 on, a double may only be the nearest to another
    /// integer.
    func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        switch json {
        case .integer(let integer):
            guard let value = Number(exactly: integer) else { throw outOfRange(type) }
            return value
        case .number(let number):
            guard number == number.rounded() else { throw mismatch(type) }
            guard number.magnitude < 0x1p53, let value = Number(exactly: number) else {
                throw outOfRange(type)
            }
            return value
        default: throw mismatch(type)
        }
    }

    func mismatch(_ type: any Any.Type) -> DecodingError {
        if case .null = json {
            return .valueNotFound(
                type, .init(codingPath: codingPath, debugDescription: "found null"))
        }
        return .typeMismatch(
            type, .init(codingPath: codingPath, debugDescription: "found \(json.kind)"))
    }

    private func outOfRange(_ type: any Any.Type) -> DecodingError {
        .dataCorrupted(
            .init(codingPath: codingPath, debugDescription: "out of the range of \(type)"))
    }
}

/// A dictionary, whose keys are data, not names of members.
private protocol VerbatimKeys {
    init(members decoder: JSONValueDecoder) throws
}

extension Dictionary: VerbatimKeys where Key == String, Value: Decodable {
    fileprivate init(members decoder: JSONValueDecoder) throws {
        guard case .object(let members) = decoder.json else { throw decoder.mismatch(Self.self) }
        self = [:]
        for (key, value) in members {
            self[key] = try decoder.child(value, PathKey(stringValue: key)).decode(Value.self)
        }
    }
}

private struct ValueContainer: SingleValueDecodingContainer {
    let decoder: JSONValueDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { if case .null = decoder.json { true } else { false } }
    func decode(_ type: Bool.Type) throws -> Bool { try decoder.bool() }
    func decode(_ type: String.Type) throws -> String { try decoder.string() }
    func decode(_ type: Double.Type) throws -> Double { try decoder.real(type) }
    func decode(_ type: Float.Type) throws -> Float { try decoder.real(type) }
    func decode(_ type: Int.Type) throws -> Int { try decoder.integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try decoder.integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try decoder.integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try decoder.integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try decoder.integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try decoder.integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try decoder.integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try decoder.integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try decoder.integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try decoder.integer(type) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.decode(type) }
}

// MARK: - Containers

/// The members of an object. Values of every type are read as if they stood alone, so that one
/// function serves for all of them.
private struct ObjectContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let decoder: JSONValueDecoder
    /// The key in the file and the value, by the key of the type.
    private var members: [String: (name: String, value: JSON)] = [:]

    init(_ members: [(key: String, value: JSON)], _ decoder: JSONValueDecoder) {
        self.decoder = decoder
        for (name, value) in members {
            let key = decoder.keys == .verbatim ? name : name.fromSnakeCase
            self.members[key] = (name, value)
        }
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { members.keys.compactMap(Key.init(stringValue:)) }

    func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }

    private func child(_ key: Key) throws -> JSONValueDecoder {
        guard let (name, value) = members[key.stringValue] else {
            let name = decoder.keys == .verbatim ? key.stringValue : key.stringValue.inSnakeCase
            throw DecodingError.keyNotFound(
                PathKey(stringValue: name),
                .init(codingPath: codingPath, debugDescription: "a key is missing"))
        }
        return decoder.child(value, PathKey(stringValue: name))
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        if case .null = try child(key).json { true } else { false }
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try child(key).decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try child(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try child(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }
}

private struct ArrayContainer: UnkeyedDecodingContainer {
    let elements: [JSON]
    let decoder: JSONValueDecoder
    private(set) var currentIndex = 0

    init(elements: [JSON], decoder: JSONValueDecoder) {
        self.elements = elements
        self.decoder = decoder
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    private func next() throws -> JSONValueDecoder {
        let key = PathKey(intValue: currentIndex)
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                JSON.self,
                .init(codingPath: codingPath + [key], debugDescription: "the array ends"))
        }
        return decoder.child(elements[currentIndex], key)
    }

    mutating func decodeNil() throws -> Bool {
        guard case .null = try next().json else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let value = try next().decode(type)
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        let container = try next().container(keyedBy: type)
        currentIndex += 1
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try next().unkeyedContainer()
        currentIndex += 1
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try next()
        currentIndex += 1
        return decoder
    }
}

// MARK: - Spelling

extension String {
    /// `down_block_types` as `downBlockTypes`; underscores at either end stay.
    fileprivate var fromSnakeCase: String {
        guard contains("_") else { return self }
        let words = split(separator: "_")
        guard words.count > 1 else { return self }
        let rest = words.dropFirst().map {
            $0.prefix(1).uppercased() + $0.dropFirst().lowercased()
        }
        return prefix { $0 == "_" } + words[0].lowercased() + rest.joined()
            + String(reversed().prefix { $0 == "_" })
    }

    /// `downBlockTypes` as `down_block_types`.
    fileprivate var inSnakeCase: String {
        reduce(into: "") { result, letter in
            if letter.isUppercase, let last = result.last, last != "_" { result += "_" }
            result += letter.lowercased()
        }
    }
}
