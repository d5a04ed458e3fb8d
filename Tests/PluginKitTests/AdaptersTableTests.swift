import PluginABI
import PluginKit
import Testing

extension BoundaryTests {
    @Suite struct AdaptersTableTests {
        private func table(_ model: OpaquePointer) -> roost_ext_adapters {
            plugin.extension(model, ROOST_EXT_ADAPTERS)!.load(as: roost_ext_adapters.self)
        }

        private func load(
            _ path: String, as number: UInt32, into model: OpaquePointer
        ) -> (answer: Answer, adapter: roost_adapter) {
            var found = roost_adapter()
            found.struct_size = UInt32(MemoryLayout<roost_adapter>.size)
            var path = path
            let result = path.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { bytes in
                    var source = roost_adapter_source(
                        struct_size: UInt32(MemoryLayout<roost_adapter_source>.size),
                        adapter: number,
                        path: roost_str(ptr: bytes.baseAddress, len: UInt64(bytes.count)),
                        config_json: roost_str())
                    return PluginKitTests.answer { table(model).load(model, &source, &found, $0) }
                }
            }
            return (result, found)
        }

        @Test func onlyAnAdaptableModelHasTheTable() {
            withModel {
                #expect(table($0).struct_size == UInt32(MemoryLayout<roost_ext_adapters>.size))
            }
            withModel(path: "echo") { #expect(plugin.extension($0, ROOST_EXT_ADAPTERS) == nil) }
        }

        @Test func everyRowHasItsOwnAdapter() {
            withContext { context in
                let (answer, found) = load("7", as: 2, into: context.model)
                #expect(answer.status == 0 && found.rank == 3 && found.bytes == 4)
                #expect(load("9", as: 5, into: context.model).answer.status == 0)
                let batch = TestBatch([1, 1, 1], sequences: [0, 1, 2], positions: [0, 0, 0])
                let rows = context.forward(batch.with { $0.adapters = [5, 0, 2] }).rows
                #expect(rows.prefix(3).map { $0[3] } == [9, 0, 7])
            }
        }

        @Test func aNumberIsOfOneAdapter() {
            withModel { model in
                #expect(load("7", as: 0, into: model).answer.status == -1)
                #expect(load("7", as: 2, into: model).answer.status == 0)
                #expect(
                    load("8", as: 2, into: model).answer
                        == Answer(
                            status: -1,
                            message:
                                "the number 2 for an adapter, expected one above 0 that no loaded one has"
                        ))
                #expect(answer { table(model).unload(model, 2, $0) }.status == 0)
                #expect(
                    answer { table(model).unload(model, 2, $0) }
                        == Answer(status: -1, message: "adapter 2 is not loaded"))
            }
        }

        @Test func anAdapterThatIsNotLoadedIsNamed() {
            withContext { context in
                let batch = TestBatch([1]).with { $0.adapters = [3] }
                #expect(
                    context.forward(batch).answer
                        == Answer(status: -1, message: "adapter 3 is not loaded"))
                #expect(load("x", as: 3, into: context.model).answer.message == "'x' is no number")
                #expect(context.forward(TestBatch([1])).answer.status == 0)
            }
        }
    }
}
