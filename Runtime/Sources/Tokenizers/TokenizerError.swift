/// Why a tokenizer cannot be loaded, or cannot read a text.
public enum TokenizerError: Error, Equatable {
    /// What is wrong with one file.
    indirect case file(String, TokenizerError)
    /// A file that must be there cannot be read.
    case unreadable(reason: String)
    /// The text of a JSON file breaks the rules at a byte.
    case malformed(offset: Int, reason: String)
    /// A SentencePiece file breaks the rules at a byte.
    case malformedModel(offset: Int, reason: String)
    /// A key is absent.
    case missing(key: String)
    /// A key has a value that it cannot have.
    case invalid(key: String, found: String, expected: String)
    /// A part of the tokenizer is of an unsupported kind.
    case unsupported(part: String, kind: String)
    /// `tokenizer.ggml.pre` of a GGUF file names an unknown way of splitting words.
    case unknownPreTokenizer(String)
    /// An id lies outside the vocabulary.
    case idOutOfRange(key: String, id: Int, limit: Int)
    /// Two tokens have one id.
    case idTaken(id: Int, by: String, and: String)
    /// One token has two ids.
    case tokenTwice(token: String)
    /// A merge needs a token that the vocabulary lacks.
    case mergeWithoutToken(merge: Int, token: String)
    /// A regular expression does not compile; the offset is given if it is known.
    case pattern(pattern: String, offset: Int?, reason: String)
    /// A regular expression gave up on a text.
    case matching(pattern: String, reason: String)
    /// A text is longer than the indices of its symbols can express.
    case textTooLong(bytes: Int, limit: Int)
    /// What must remain does not fit.
    case noRoom(needed: Int, limit: Int)
    /// Windows that overlap by their whole length would never end.
    case strideTooLong(stride: Int, window: Int)
}

extension TokenizerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .file(let path, let error):
            "'\(path)': \(error)"
        case .unreadable(let reason):
            "cannot be read: \(reason)"
        case .malformed(let offset, let reason):
            "not JSON at byte \(offset): \(reason)"
        case .malformedModel(let offset, let reason):
            "not a SentencePiece model at byte \(offset): \(reason)"
        case .missing(let key):
            "'\(key)' is missing"
        case .invalid(let key, let found, let expected):
            "'\(key)' is \(found), expected \(expected)"
        case .unsupported(let part, let kind):
            "\(part) '\(kind)' is not supported"
        case .unknownPreTokenizer(let name):
            "'tokenizer.ggml.pre' is '\(name)', which names no way of cutting words that is known "
                + "here; token ids would differ from the model's own"
        case .idOutOfRange(let key, let id, let limit):
            "'\(key)' is id \(id), expected 0 ..< \(limit)"
        case .idTaken(let id, let first, let second):
            "id \(id) belongs to both '\(first)' and '\(second)'"
        case .tokenTwice(let token):
            "token '\(token)' is there twice"
        case .mergeWithoutToken(let merge, let token):
            "merge \(merge) needs token '\(token)', which the vocabulary lacks"
        case .pattern(let pattern, let offset, let reason):
            "pattern '\(pattern)' does not compile\(offset.map { " at character \($0)" } ?? ""): "
                + reason
        case .matching(let pattern, let reason):
            "pattern '\(pattern)' gave up on the text: \(reason)"
        case .textTooLong(let bytes, let limit):
            "a text has \(bytes) bytes, expected at most \(limit)"
        case .noRoom(let needed, let limit):
            "\(needed) tokens must stay, expected at most \(limit)"
        case .strideTooLong(let stride, let window):
            "windows of \(window) tokens overlap by \(stride), expected fewer"
        }
    }
}
