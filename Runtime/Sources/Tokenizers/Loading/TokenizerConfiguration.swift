import ModelJSON

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
    /// All chat templates of the directory; choosing one is not up to the tokenizer.
    var chatTemplate = ""

    /// - Parameters:
    ///   - read: the node of a file of the directory, nil if it is absent.
    ///   - template: the text of `chat_template.jinja`.
    init(template: String?, read: (_ file: String) throws -> JSONNode?) throws {
        chatTemplate = template ?? ""
        if let tokens = try read("tokenizer_config.json") {
            bosName = try Self.name(tokens, "bos_token")
            eosName = try Self.name(tokens, "eos_token")
            padName = try Self.name(tokens, "pad_token")
            addsBOS = try tokens.optional("add_bos_token")?.bool
            addsEOS = try tokens.optional("add_eos_token")?.bool
            chatTemplate += try tokens.optional("chat_template").map(Self.templates) ?? ""
        }
        for file in ["generation_config.json", "config.json"] {
            guard let model = try read(file) else { continue }
            if endIDs.isEmpty { endIDs = try Self.ids(model, "eos_token_id") }
            if bosID == nil { bosID = try Self.ids(model, "bos_token_id").first }
        }
    }

    /// A token is written as its text, or as an object with its `content`.
    static func name(_ node: JSONNode, _ key: String) throws -> String? {
        guard let token = try node.optional(key) else { return nil }
        if case .string(let name) = token.json { return name }
        return try token["content"].string
    }

    /// A template is written as its text, several as a list of objects. Errors in other forms are
    /// reported by whoever renders them.
    private static func templates(_ node: JSONNode) throws -> String {
        switch node.json {
        case .string(let text): text
        case .array:
            try node.elements.map { element in
                guard case .object = element.json else { return "" }
                return try element.optional("template").map(templates) ?? ""
            }.joined(separator: "\n")
        default: ""
        }
    }

    /// One id or a list of them; a negative one means none.
    private static func ids(_ node: JSONNode, _ key: String) throws -> [Int] {
        guard let value = try node.optional(key) else { return [] }
        if case .integer(let id) = value.json { return id < 0 ? [] : [id] }
        return try value.elements.map { try $0.integer }.filter { $0 >= 0 }
    }
}
