extension Tokenizer {
    /// A text as an encoder model reads it.
    ///
    /// - Parameters:
    ///   - maxLength: the most ids, including those that the template adds; the end of a longer text
    ///     is cut off.
    ///   - addSpecial: whether the template's ids are put around the text.
    ///   - parseSpecial: whether "[SEP]" in the text is that token, as in the reference.
    /// - Throws: ``TokenizerError/noRoom(needed:limit:)`` when the template alone is longer than
    ///   `maxLength`.
    public func encode(
        _ text: String, maxLength: Int?, addSpecial: Bool, parseSpecial: Bool
    ) throws -> Encoding {
        let encoding = try encode(text, parseSpecial: parseSpecial)
        let template = addSpecial ? template : Template()
        let room = try template.room(maxLength, pair: false)
        return template.apply(to: encoding, 0..<min(room, encoding.count))
    }

    /// Two texts as an encoder model reads them: `[CLS] A [SEP] B [SEP]`.
    ///
    /// - Parameters:
    ///   - maxLength: the most ids, including those that the template adds.
    ///   - truncation: which text's end is cut off if both are longer.
    /// - Throws: ``TokenizerError/noRoom(needed:limit:)`` when what must stay is longer than
    ///   `maxLength`.
    public func encode(
        _ first: String, pair second: String, maxLength: Int?,
        truncation: Truncation = .longestFirst, parseSpecial: Bool
    ) throws -> Encoding {
        let texts = (
            try encode(first, parseSpecial: parseSpecial),
            try encode(second, parseSpecial: parseSpecial)
        )
        let room = try template.room(maxLength, pair: true)
        let kept = try truncation.kept(texts.0.count, texts.1.count, limit: room)
        return template.apply(to: texts.0, 0..<kept.first, and: texts.1, 0..<kept.second)
    }

    /// A question together with each window of a context that is too long for one window: the
    /// windows overlap, and together they cover all of it.
    ///
    /// - Parameters:
    ///   - maxLength: the most ids of a window, including question and template.
    ///   - stride: how many ids of the context neighbouring windows share.
    /// - Returns: at least one; a context that fits is complete in the first.
    /// - Throws: ``TokenizerError/noRoom(needed:limit:)`` when the question leaves no room,
    ///   ``TokenizerError/strideTooLong(stride:window:)`` when a window would bring nothing new.
    public func windows(
        question: String, context: String, maxLength: Int, stride: Int, parseSpecial: Bool
    ) throws -> [Encoding] {
        let question = try encode(question, parseSpecial: parseSpecial)
        let context = try encode(context, parseSpecial: parseSpecial)
        let room = try template.room(maxLength, pair: true)
        let window = try Truncation.onlySecond.kept(question.count, context.count, limit: room)
            .second
        guard window == context.count || (0..<window).contains(stride) else {
            throw TokenizerError.strideTooLong(stride: stride, window: window)
        }
        var windows: [Encoding] = []
        var start = 0
        repeat {
            let end = min(start + window, context.count)
            windows.append(
                template.apply(to: question, question.ids.indices, and: context, start..<end))
            start = end == context.count ? end : start + window - stride
        } while start < context.count
        return windows
    }
}

extension Template {
    /// The ids that a text, or both texts of a pair, may have.
    fileprivate func room(_ maxLength: Int?, pair: Bool) throws -> Int {
        guard let maxLength else { return .max }
        let specials = specialCount(pair: pair)
        guard specials <= maxLength else {
            throw TokenizerError.noRoom(needed: specials, limit: maxLength)
        }
        return maxLength - specials
    }
}
