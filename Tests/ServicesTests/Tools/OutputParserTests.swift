import Services
import Testing

@Suite struct OutputParserTests {
    @Test("An output means the same however it is cut", arguments: ToolOutput.all)
    func anOutputMeansTheSameHoweverItIsCut(_ output: ToolOutput) {
        #expect(output.read([output.output]) == output.parts.joined)
        let scalars = output.output.unicodeScalars.map { String($0) }
        #expect(output.read(scalars) == output.parts.joined)
        for cut in 1..<scalars.count {
            let pieces = [scalars[..<cut].joined(), scalars[cut...].joined()]
            #expect(output.read(pieces) == output.parts.joined, "cut at \(cut)")
        }
    }

    @Test("A beginning of an output never takes back what was sent", arguments: ToolOutput.all)
    func aBeginningOfAnOutputNeverTakesBackWhatWasSent(_ output: ToolOutput) {
        var parser = output.parser()
        var sent: [OutputPart] = []
        for scalar in output.output.unicodeScalars { sent += parser.push(String(scalar)) }
        #expect(output.parts.joined.begins(with: sent.joined))
    }

    @Test func aMarkThatTheVocabularyHasAsATokenIsOneOnlyAsThatToken() {
        let call = #"{"name": "now", "arguments": {}}"#
        let marks: Set = ["<tool_call>", "</tool_call>"]
        func parser() -> OutputParser {
            OutputParser(.hermes, tools: ToolOutput.tools, reasoning: nil, tokens: marks)
        }
        var spelled = parser()
        let text = "<tool_call>\(call)</tool_call>"
        #expect(spelled.push(text) + spelled.finish(isCut: false) == [.text(text)])
        var written = parser()
        var parts = written.push(mark: "<tool_call>")
        parts += written.push(call)
        parts += written.push(mark: "</tool_call>")
        parts += written.finish(isCut: false)
        #expect(parts == [.call(name: "now"), .arguments("{}"), .callEnd])
    }

    @Test func aPromptThatOpensTheThoughtsIsFollowedByThem() throws {
        let marks = try #require(ReasoningMarks(template: "<think>…</think>"))
        #expect(marks.isOpen(after: "<|assistant|><think>\n"))
        #expect(!marks.isOpen(after: "<|assistant|><think>\n\n</think>\n\n"))
        var parser = OutputParser(nil, tools: [], reasoning: marks, beginsInReasoning: true)
        var parts = parser.push("Hm.\n</think>\n\nYes.\n")
        parts += parser.finish(isCut: false)
        #expect(parts.joined == [.reasoning("Hm."), .text("Yes.\n")])
    }

    @Test func thoughtsThatAreCutOffAreThoughts() {
        var parser = OutputParser(nil, tools: [], reasoning: ToolOutput.think)
        let parts = parser.push("<think>One </thi") + parser.finish(isCut: true)
        #expect(parts.joined == [.reasoning("One </thi")])
    }

    @Test func marksOfThoughtsAmidATextAreText() {
        var parser = OutputParser(nil, tools: [], reasoning: ToolOutput.think)
        let text = "Write <think>so</think>."
        #expect((parser.push(text) + parser.finish(isCut: false)).joined == [.text(text)])
    }

    @Test func aHeadThatNeverEndsIsShownInTime() {
        var parser = OutputParser(.hermes, tools: ToolOutput.tools, reasoning: nil)
        let parts = parser.push(#"<tool_call>{"x": ""# + String(repeating: "a", count: 20_000))
        #expect(!parts.isEmpty)
    }

    @Test func manyMarksWithoutCallsAreReadInLinearTime() {
        var parser = OutputParser(.hermes, tools: ToolOutput.tools, reasoning: nil)
        let text = String(repeating: #"<tool_call>{"x": ""#, count: 4000)
        var parts: [OutputPart] = []
        for piece in text.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
            parts += parser.push("<" + piece)
        }
        parts += parser.finish(isCut: true)
        #expect(parts.joined == [.text(text)])
    }
}

extension ToolOutput {
    func parser() -> OutputParser {
        OutputParser(format, tools: Self.tools, reasoning: reasoning)
    }

    func read(_ pieces: [String]) -> [OutputPart] {
        var parser = parser()
        var parts = pieces.flatMap { parser.push($0) }
        parts += parser.finish(isCut: false)
        return parts.joined
    }
}

extension [OutputPart] {
    /// Neighbours of one kind as one part.
    var joined: [OutputPart] {
        reduce(into: []) { parts, part in
            switch (parts.last, part) {
            case (.text(let text), .text(let more)): parts[parts.count - 1] = .text(text + more)
            case (.reasoning(let text), .reasoning(let more)):
                parts[parts.count - 1] = .reasoning(text + more)
            case (.arguments(let text), .arguments(let more)):
                parts[parts.count - 1] = .arguments(text + more)
            default: parts.append(part)
            }
        }
    }

    /// Whether it goes on from other parts, whose last may be the beginning of one of these.
    func begins(with others: [OutputPart]) -> Bool {
        guard let last = others.last else { return true }
        guard others.count <= count, Array(prefix(others.count - 1)) == others.dropLast() else {
            return false
        }
        return switch (self[others.count - 1], last) {
        case (.text(let whole), .text(let part)), (.reasoning(let whole), .reasoning(let part)),
            (.arguments(let whole), .arguments(let part)):
            whole.hasPrefix(part)
        case (let whole, let part): whole == part
        }
    }
}
