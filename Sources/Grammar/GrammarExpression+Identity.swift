import JSON

extension GrammarExpression {
    /// What two expressions have in common if they mean the same down to the order of members; nil
    /// for one that is too large to be compared quickly.
    package var identity: String? {
        var left = Self.largest
        guard isSmall(&left) else { return nil }
        return describe()
    }

    private static let largest = 256 << 10

    private func isSmall(_ left: inout Int) -> Bool {
        left -= 8
        switch self {
        case .literal(let text), .regex(let text), .gbnf(let text): left -= text.utf8.count
        case .token: break
        case .sequence(let parts), .choice(let parts):
            return left >= 0 && parts.allSatisfy { $0.isSmall(&left) }
        case .oneOf(let texts), .textWithout(let texts), .textUntil(let texts, _):
            for text in texts where left >= 0 { left -= text.utf8.count + 8 }
        case .repeated(let body, _): return body.isSmall(&left)
        case .schema(let schema, _): Self.subtract(schema, &left)
        }
        return left >= 0
    }

    private static func subtract(_ value: JSONValue, _ left: inout Int) {
        left -= 8
        switch value {
        case .string(let text): left -= text.utf8.count
        case .array(let elements):
            for element in elements where left >= 0 { subtract(element, &left) }
        case .object(let object):
            for (key, member) in object.members where left >= 0 {
                left -= key.utf8.count
                subtract(member, &left)
            }
        default: break
        }
    }

    private func describe() -> String {
        func list(_ texts: [String]) -> String {
            JSONValue.array(texts.map { .string($0) }).serialized()
        }
        func joined(_ parts: [GrammarExpression]) -> String {
            "(" + parts.map { $0.describe() }.joined(separator: ",") + ")"
        }
        return switch self {
        case .literal(let text): "l" + list([text])
        case .token(let token): "t\(token)"
        case .sequence(let parts): "s" + joined(parts)
        case .choice(let parts): "c" + joined(parts)
        case .oneOf(let texts): "o" + list(texts)
        case .repeated(let body, let count):
            "r\(count.lowerBound):\(count.upperBound)" + joined([body])
        case .regex(let pattern): "e" + list([pattern])
        case .gbnf(let text): "g" + list([text])
        case .schema(let schema, let options):
            "j\(options.opensObjects ? 1 : 0)" + schema.serialized()
        case .textUntil(let ends, let tokens): "u\(tokens)" + list(ends)
        case .textWithout(let texts): "w" + list(texts)
        }
    }
}
