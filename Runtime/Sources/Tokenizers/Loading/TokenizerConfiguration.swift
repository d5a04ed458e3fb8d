/// What the JSON files beside tokenizer.json say about its tokens.
struct TokenizerConfiguration {
    var bosName: String?
    var eosName: String?
    var padName: String?
    var addsBOS: Bool?
    var addsEOS: Bool?
    /// The ids that end a generation, from generation_config.json or else config.json.
    var endIDs: [Int] = []
    var bosID: Int?

    /// - Parameter read: the node of a file of the directory, nil where it is absent.
    init(read: (_ file: String) throws -> JSONNode?) throws {
        if let tokens = try read("tokenizer_config.json") {
            bosName = try Self.name(tokens, "bos_token")
            eosName = try Self.name(tokens, "eos_token")
            padName = try Self.name(tokens, "pad_token")
            addsBOS = try tokens.optional("add_bos_token")?.bool
            addsEOS = try tokens.optional("add_eos_token")?.bool
        }
        for file in ["generation_config.json", "config.json"] {
            guard let model = try read(file) else { continue }
            if endIDs.isEmpty { endIDs = try Self.ids(model, "eos_token_id") }
            if bosID == nil { bosID = try Self.ids(model, "bos_token_id").first }
        }
    }

    /// A token stands as its text, or as an object with its `content`.
    static func name(_ node: JSONNode, _ key: String) throws -> String? {
        guard let token = try node.optional(key) else { return nil }
        if case .string(let name) = token.json { return name }
        return try token["content"].string
    }

    /// One id or a list of them; a negative one means none.
    private static func ids(_ node: JSONNode, _ key: String) throws -> [Int] {
        guard let value = try node.optional(key) else { return [] }
        if case .integer(let id) = value.json { return id < 0 ? [] : [id] }
        return try value.elements.map { try $0.integer }.filter { $0 >= 0 }
    }
}
