#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The system's sentence for an error number.
func systemText(_ number: Int32) -> String {
    String(cString: strerror(number)).lowercased()
}
