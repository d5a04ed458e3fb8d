import PluginABI
import PluginKit
import Testing

extension BoundaryTests {
    @Suite struct VersionSkewTests {
        @Test func aHostWithoutServicesIsTakenAsItIs() {
            let host = TestHost()
            let header = MemoryLayout<roost_host>.offset(of: \.log)
            withAttached(host, size: header) { this in
                var model: OpaquePointer?
                #expect(open(this, "model", &model).status == 0)
                plugin.close(model)
                #expect(open(this, "memory", &model).status == -2)
            }
            #expect(host.lines.isEmpty)
        }

        @Test func aHostUpToItsClockHasLogAndClockOnly() throws {
            let host = TestHost()
            let size = try #require(MemoryLayout<roost_host>.offset(of: \.alloc))
            withAttached(host, size: size) { this in
                var model: OpaquePointer?
                let found = open(this, "memory", &model)
                #expect(found == Answer(status: -2, message: "this host offers no memory"))
            }
            #expect(host.lines == ["2 CountingPlugin: opening memory"])
        }

        @Test func aWholeHostGivesMemoryAndTakesItBack() {
            let host = TestHost()
            withAttached(host) { this in
                var model: OpaquePointer?
                #expect(open(this, "memory", &model).status == 0)
                plugin.close(model)
            }
            #expect(host.allocations == 0)
        }

        @Test func aWholeHostMapsFilesAndLendsThreads() {
            let host = TestHost()
            withAttached(host) { this in
                var model: OpaquePointer?
                #expect(open(this, "services", &model).status == 0)
                plugin.close(model)
            }
            let lines = host.lines.map { $0.split(separator: ": ").last ?? "" }
            #expect(lines == ["opening services", "mapped 10", "squares [0, 1, 4, 9, 16]"])
            #expect(host.maps == 0)
        }

        @Test func aHostWithoutAHeaderIsAVersionError() {
            let host = TestHost()
            let found = host.withTable(size: 8) { table in
                answer { call in
                    var this: UnsafeMutableRawPointer?
                    return plugin.attach(table, &this, call)
                }
            }
            #expect(found.status == -8)
            withAttached { _ in }
        }

        @Test func aShortRequestIsRefusedAndALongerOneTaken() {
            withAttached { this in
                var model: OpaquePointer?
                for (size, status) in [(8, -1), (MemoryLayout<roost_open>.size + 16, 0)] {
                    let found = answer { call in
                        withRequest("model") { request in
                            var request = request.pointee
                            request.struct_size = UInt32(size)
                            return plugin.open(this, &request, &model, call)
                        }
                    }
                    #expect(found.status == Int32(status))
                }
                plugin.close(model)
            }
        }

        @Test func openTellsHowFarItIs() {
            let told = UnsafeMutablePointer<[UInt64]>.allocate(capacity: 1)
            told.initialize(to: [])
            defer { told.deinitialize(count: 1).deallocate() }
            withAttached { this in
                var model: OpaquePointer?
                let found = answer { call in
                    withRequest("model") { request in
                        var request = request.pointee
                        request.opening = roost_opening(ctx: told) { context, done, of, what in
                            let told = context?.assumingMemoryBound(to: [UInt64].self)
                            told?.pointee += [done, of, what.len]
                        }
                        return plugin.open(this, &request, &model, call)
                    }
                }
                #expect(found.status == 0)
                plugin.close(model)
            }
            #expect(told.pointee == [2, 5, 8])
        }

        @Test func anOutputKeepsTheSizeOfANewerCaller() {
            withContext { context in
                var capabilities = roost_decode_caps()
                capabilities.struct_size = 100
                #expect(
                    answer { context.decode.caps(context.handle, &capabilities, $0) }.status == 0)
                #expect(capabilities.struct_size == 100)
                #expect(capabilities.n_vocab == 8)
                capabilities.struct_size = 4
                #expect(
                    answer { context.decode.caps(context.handle, &capabilities, $0) }.status == -1)
            }
        }

        @Test(arguments: [
            "roost.text.decode/2", "roost.text.decode/1x", "roost.text.decode/1 ", "",
            "roost.image/1",
            "roost.text.decode/", "ROOST.TEXT.DECODE/1",
        ])
        func anUnknownExtensionIsNull(id: String) {
            withModel { model in
                #expect(plugin.extension(model, id) == nil)
                #expect(plugin.extension(model, nil) == nil)
            }
        }

        @Test func abilitiesFollowFromTheTypes() {
            withModel { model in
                for id in [ROOST_EXT_TOKENS, ROOST_EXT_DECODE, ROOST_EXT_SELFTEST] {
                    #expect(plugin.extension(model, id) != nil)
                    #expect(plugin.extension(model, id) == plugin.extension(model, id))
                }
            }
            withModel(path: "bare") { model in
                for id in [ROOST_EXT_TOKENS, ROOST_EXT_DECODE, ROOST_EXT_SELFTEST] {
                    #expect(plugin.extension(model, id) == nil)
                }
            }
        }
    }
}
