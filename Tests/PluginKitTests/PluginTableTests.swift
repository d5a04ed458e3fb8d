import PluginABI
import PluginKit
import Testing

/// The image's state is one per process: all suites of the boundary run one after the other.
@Suite(.serialized) struct BoundaryTests {}

extension BoundaryTests {
    @Suite struct PluginTableTests {
        @Test func theTableIsTheSameEveryTime() {
            let first = PluginTable.query(CountingPlugin.self)
            #expect(PluginTable.query(CountingPlugin.self) == first)
            #expect(first.pointee.struct_size == MemoryLayout<roost_plugin>.size)
            #expect(swiftString(first.pointee.id) == "org.roost.counting")
            #expect(swiftString(first.pointee.version) == "1.2.3")
            #expect(swiftString(first.pointee.families_csv) == "counting,tally")
            #expect(swiftString(first.pointee.toolchain).hasPrefix("swift "))
            #expect(first.pointee.flags == PluginFlags.parallelOpen.rawValue)
        }

        @Test func aSecondAttachIsBusyAndTheFirstGoesOn() {
            withAttached { this in
                let host = TestHost()
                let second = host.withTable { table in
                    answer { call in
                        var other: UnsafeMutableRawPointer?
                        return plugin.attach(table, &other, call)
                    }
                }
                #expect(second.status == -6)
                var model: OpaquePointer?
                #expect(open(this, "model", &model).status == 0)
                plugin.close(model)
            }
        }

        @Test func anAttachMayFollowADetach() {
            for _ in 0..<2 {
                withAttached { this in
                    #expect(answer { plugin.probe(this, nil, nil, $0) }.status == -1)
                }
            }
        }

        @Test func aCallBeforeAttachIsAnError() {
            var model: OpaquePointer?
            #expect(open(nil, "model", &model).status == -1)
            #expect(model == nil)
        }

        @Test func nullArgumentsAreErrors() {
            let host = TestHost()
            #expect(answer { plugin.attach(nil, nil, $0) }.status == -1)
            host.withTable { table in
                #expect(answer { plugin.attach(table, nil, $0) }.status == -1)
            }
            withAttached { this in
                #expect(answer { plugin.probe(this, nil, nil, $0) }.status == -1)
                #expect(answer { plugin.open(this, nil, nil, $0) }.status == -1)
                #expect(plugin.open(this, nil, nil, nil) == -1)
                #expect(answer { plugin.context_new(nil, nil, nil, $0) }.status == -1)
                #expect(
                    answer { plugin.info_json(nil, TestSink().table, $0) }
                        == Answer(status: -1, message: "model is null"))
                plugin.close(nil)
                plugin.context_free(nil)
            }
        }

        @Test func probeSaysScoreBytesAndFamily() {
            withAttached { this in
                var probe = roost_probe()
                probe.struct_size = UInt32(MemoryLayout<roost_probe>.size)
                let found = answer { call in
                    withRequest("model") { plugin.probe(this, $0, &probe, call) }
                }
                #expect(found.status == 0)
                #expect(probe.score == 100)
                #expect(probe.bytes_host == 1000)
                #expect(probe.bytes_per_context == 10)
                #expect(swiftString(probe.family) == "counting")
            }
        }

        @Test func probeOfAnotherFamilyIsScoreZero() {
            withAttached { this in
                var probe = roost_probe()
                probe.struct_size = UInt32(MemoryLayout<roost_probe>.size)
                probe.score = 5
                let found = answer { call in
                    withRequest("other") { plugin.probe(this, $0, &probe, call) }
                }
                #expect(found.status == 0)
                #expect(probe.score == 0)
            }
        }

        @Test func probeOfAMissingFileCarriesTheErrorOfThePlugin() {
            withAttached { this in
                var probe = roost_probe()
                probe.struct_size = UInt32(MemoryLayout<roost_probe>.size)
                let found = answer { call in
                    withRequest("missing") { plugin.probe(this, $0, &probe, call) }
                }
                #expect(found == Answer(status: -4, message: "no file 'missing'"))
            }
        }

        @Test(arguments: ["", "a\0b"]) func aPathThatNamesNoFileIsAnError(path: String) {
            withAttached { this in
                var model: OpaquePointer?
                #expect(open(this, path, &model).status == -1)
            }
        }

        @Test func anUnknownErrorIsInternalWithItsDescription() {
            withAttached { this in
                var model: OpaquePointer?
                let found = open(this, "strange", &model)
                #expect(found == Answer(status: -9, message: "something strange"))
            }
        }

        @Test func aModelClosedBeforeItsContextIsLogged() {
            let host = TestHost()
            withAttached(host) { this in
                var model: OpaquePointer?
                #expect(open(this, "model", &model).status == 0)
                var parameters = roost_context_params()
                parameters.struct_size = UInt32(MemoryLayout<roost_context_params>.size)
                parameters.n_seq = 1
                var context: OpaquePointer?
                #expect(answer { plugin.context_new(model, &parameters, &context, $0) }.status == 0)
                plugin.close(model)
                plugin.context_free(context)
            }
            #expect(host.lines.contains { $0.contains("closed with 1 contexts left") })
        }

        @Test func aContextWithoutSequencesIsAnError() {
            withModel { model in
                var parameters = roost_context_params()
                parameters.struct_size = UInt32(MemoryLayout<roost_context_params>.size)
                var context: OpaquePointer?
                let made = answer { plugin.context_new(model, &parameters, &context, $0) }
                #expect(made == Answer(status: -1, message: "n_seq is 0, expected at least 1"))
            }
        }

        @Test func infoIsJSONWithEscapes() {
            withModel { model in
                let sink = TestSink()
                #expect(answer { plugin.info_json(model, sink.table, $0) }.status == 0)
                #expect(
                    sink.text == #"{"name": "a \"name\"\n", "architecture": "counting", "#
                        + #""parameters": 12, "chat_template": "{{ 'ü' }}\u0001", "#
                        + #""tool_calls": "llama-json", "#
                        + #""reasoning": {"start": "<think>", "end": "</think>"}}"#)
            }
        }
    }
}
