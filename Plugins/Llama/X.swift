@c(roost_plugin_query_v1) public func roost_plugin_query_v1(_ v: UInt32) -> UnsafeRawPointer? { nil }
