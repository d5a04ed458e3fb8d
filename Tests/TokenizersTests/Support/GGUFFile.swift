import FoundationEssentials
import Tokenizers

/// The metadata of a GGUF file, as much as a vocabulary needs.
struct GGUFFile {
    enum Value {
        case integer(Int)
        case float(Float)
        case string(ByteStrings)
        case array([Value])
    }

    private(set) var metadata: [String: Value] = [:]

    init(_ path: String) throws {
        var reader = Reader(data: try Fixtures.data(path), position: 8)
        _ = reader.integer(UInt64.self)
        for _ in 0..<reader.integer(UInt64.self) {
            let key = reader.string().text(0)
            metadata[key] = reader.value(reader.integer(UInt32.self))
        }
    }

    private struct Reader {
        let data: Data
        var position: Int

        mutating func integer<T: FixedWidthInteger>(_: T.Type) -> Int {
            defer { position += T.bitWidth / 8 }
            return Int(
                data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: T.self) })
        }

        mutating func string() -> ByteStrings {
            let count = integer(UInt64.self)
            defer { position += count }
            return ByteStrings([data[position..<position + count]])
        }

        mutating func value(_ type: Int) -> Value {
            switch type {
            case 0, 1, 7: .integer(integer(UInt8.self))
            case 2, 3: .integer(integer(UInt16.self))
            case 4: .integer(integer(UInt32.self))
            case 5: .integer(integer(Int32.self))
            case 6: .float(Float(bitPattern: UInt32(integer(UInt32.self))))
            case 8: .string(string())
            case 9: array()
            default: .integer(integer(Int64.self))
            }
        }

        private mutating func array() -> Value {
            let type = integer(UInt32.self)
            return .array((0..<integer(UInt64.self)).map { _ in value(type) })
        }
    }
}

extension GGUFFile {
    var vocabulary: GGUFVocabulary {
        var vocabulary = GGUFVocabulary(
            model: string("model") ?? "", tokens: strings("tokens") ?? .init())
        vocabulary.pre = string("pre")
        vocabulary.scores = array("scores")?.map { if case .float(let v) = $0 { v } else { .nan } }
        vocabulary.types = array("token_type")?.map {
            if case .integer(let v) = $0 { Int32(v) } else { 0 }
        }
        vocabulary.merges = strings("merges")
        vocabulary.bos = integer("bos_token_id")
        vocabulary.eos = integer("eos_token_id")
        vocabulary.unknown = integer("unknown_token_id")
        vocabulary.pad = integer("padding_token_id")
        vocabulary.addBOS = integer("add_bos_token").map { $0 != 0 }
        vocabulary.addEOS = integer("add_eos_token").map { $0 != 0 }
        vocabulary.addSpacePrefix = integer("add_space_prefix").map { $0 != 0 }
        return vocabulary
    }

    private func array(_ key: String) -> [Value]? {
        guard case .array(let values) = metadata["tokenizer.ggml.\(key)"] else { return nil }
        return values
    }

    private func strings(_ key: String) -> ByteStrings? {
        array(key).map { values in
            var strings = ByteStrings()
            for case .string(let string) in values { strings.append(string[0]) }
            return strings
        }
    }

    private func integer(_ key: String) -> Int? {
        guard case .integer(let value) = metadata["tokenizer.ggml.\(key)"] else { return nil }
        return value
    }

    private func string(_ key: String) -> String? {
        guard case .string(let value) = metadata["tokenizer.ggml.\(key)"] else { return nil }
        return value.text(0)
    }
}
