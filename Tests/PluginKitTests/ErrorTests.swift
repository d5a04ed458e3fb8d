import PluginABI
import PluginKit
import Testing

extension BoundaryTests {
    @Suite struct ErrorTests {
        @Test(arguments: [
            (0, ""), (1, ""), (2, "s"), (10, "something"), (18, "something strange"),
            (256, "something strange"),
        ])
        func aLongMessageIsCutToTheBuffer(capacity: Int, message: String) {
            withAttached { this in
                var model: OpaquePointer?
                let found = answer(capacity: capacity) { call in
                    withRequest("strange") { plugin.open(this, $0, &model, call) }
                }
                #expect(found == Answer(status: -9, message: message))
            }
        }

        @Test(arguments: 0...12) func noCharacterIsSplit(capacity: Int) {
            let text = "aé漢😀z"
            let found = withError(capacity: capacity) { err in
                PluginError(.argument, text).write(to: err)
                return -1
            }
            #expect(text.hasPrefix(found.message))
            let room = max(capacity - 1, 0)
            let longest = text.unicodeScalars.indices.map { String(text[..<$0]) } + [text]
            #expect(found.message == longest.last { $0.utf8.count <= room })
        }

        @Test func codeAndFlagsCross() {
            withContext { context in
                let found = context.forward([CountingContext.failing])
                #expect(found == Answer(status: -7, flags: 1, message: "no weights"))
                #expect(context.length(0) == 0)
                #expect(context.forward([1]).status == 0)
            }
        }

        @Test func afterPoisonOnlyFreeIsLeft() {
            withContext { context in
                let first = context.forward([CountingContext.poisonous])
                #expect(first == Answer(status: -9, flags: 4, message: "all lost"))
                let second = context.forward([1])
                #expect(second.status == -9)
                #expect(second.flags == 4)
                #expect(context.clear(0).status == -9)
            }
            withContext { context in
                #expect(context.forward([1]).status == 0)
            }
        }

        @Test func aCallWithinACallIsBusy() {
            withContext { context in
                var inner: Answer?
                CountingContext.reenter = { inner = context.forward([1]) }
                defer { CountingContext.reenter = nil }
                #expect(context.forward([CountingContext.reentrant]).status == 0)
                #expect(inner?.status == -6)
                #expect(context.length(0) == 1)
            }
        }
    }
}
