import ModelJSON

/// The special tokens of a model, as `tokenizer_config.json` has them if there is no
/// tokenizer.json.
struct NamedTokens {
    /// The name of each, by its key: "cls_token".
    private(set) var names: [String: String]
    private var leftStripping: Set<String>
    /// The tokens that the settings list with their ids.
    private let listed: [AddedToken]

    /// - Parameters:
    ///   - defaults: the names that the class of tokenizer has.
    ///   - settings: `tokenizer_config.json`, if it is there.
    init(_ defaults: [String: String], leftStripping: Set<String>, _ settings: JSONNode?) throws {
        names = defaults
        self.leftStripping = leftStripping
        for key in defaults.keys.sorted() {
            guard let token = try settings?.optional(key), let settings,
                let name = try TokenizerConfiguration.name(settings, key)
            else { continue }
            names[key] = name
            guard case .object = token.json, let strips = try token.optional("lstrip") else {
                continue
            }
            if try strips.bool {
                self.leftStripping.insert(name)
            } else {
                self.leftStripping.remove(name)
            }
        }
        listed = try Self.listed(settings)
    }

    /// `added_tokens_decoder`: tokens by their ids.
    static func listed(_ settings: JSONNode?) throws -> [AddedToken] {
        guard let list = try settings?.optional("added_tokens_decoder") else { return [] }
        guard case .object(let members) = list.json else { throw list.invalid("an object") }
        let tokens = try members.map { key, value in
            let path = "\(list.path).\(key)"
            guard let id = Int(key) else {
                throw TokenizerError.invalid(key: list.path, found: "'\(key)'", expected: "ids")
            }
            return try AddedToken(JSONNode(value, at: path), id: TokenID.checked(id, key: path))
        }
        return tokens.sorted { $0.id < $1.id }
    }

    /// The tokens that are searched for in texts: those listed, and those of the model that have
    /// names.
    func added(to model: TokenizerJSON.Model) throws -> [AddedToken] {
        let ids = Set(listed.map(\.id))
        let names = Set(names.values.map { Array($0.utf8)[...] })
        let lengths = Set(names.map(\.count))
        var added = listed
        for (place, id) in model.ids.enumerated()
        where lengths.contains(model.tokens.range(place).count)
            && names.contains(model.tokens[place])
        {
            var token = AddedToken(
                id: try TokenID.checked(id, key: "vocab"), content: Array(model.tokens[place]),
                special: true)
            token.leftStrip = leftStripping.contains(model.tokens.text(place))
            if !ids.contains(token.id) { added.append(token) }
        }
        return added
    }

    /// A post-processor for the tokens `cls_token` and `sep_token`.
    func postProcessor(
        _ type: String, _ added: [AddedToken], _ options: [(key: String, value: JSON)] = []
    ) throws -> JSONNode {
        let end = { (key: String) throws -> (key: String, value: JSON) in
            let name = names["\(key)_token"] ?? key
            guard let token = added.first(where: { $0.content.elementsEqual(name.utf8) })
            else { throw TokenizerError.missing(key: name) }
            return (key, .array([.string(name), .integer(Int(token.id))]))
        }
        return .object(
            "post_processor", [("type", .string(type)), try end("cls"), try end("sep")] + options)
    }
}

extension JSONNode {
    static func object(_ path: String, _ members: [(key: String, value: JSON)]) -> JSONNode {
        JSONNode(.object(members), at: path)
    }
}
