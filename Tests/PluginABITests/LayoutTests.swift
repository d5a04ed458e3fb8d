import PluginABI
import Testing

/// What Swift sees of the tables: the sizes that ``abi_v1_layout.c`` holds the C compiler to.
@Suite struct LayoutTests {
    @Test func swiftAndCAgreeOnTheTables() {
        #expect(MemoryLayout<roost_plugin>.size == 168)
        #expect(MemoryLayout<roost_host>.size == 72)
        #expect(MemoryLayout<roost_call>.size == 40)
        #expect(MemoryLayout<roost_batch>.offset(of: \.want) == 32)
    }
}
