import ArgumentParser
import FoundationEssentials
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `roost open`
struct OpenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Opens a host's page with the admin key.",
        discussion: """
            The page gets the key by a token that works once and for two minutes; the browser then keeps \
            it. Without a desktop, or with --print, the address is written instead.
            """)

    @Flag(name: .customLong("print"), help: "Write the address instead of opening it.")
    var prints = false
    @OptionGroup var client: AdminOptions

    func run() async throws {
        let client = client.client()
        let answer = try await client.json("POST", "/admin/tokens", body: [:])
        guard let token = answer["token"]?.string else {
            throw ClientError.notUnderstood("it has no token")
        }
        let address = "\(client.url)/#token=\(token)"
        if prints || !Self.opened(address) { StandardOutput.line(address) }
    }

    /// Opens a browser with a file that redirects to the address: everybody on the machine can read
    /// the process list.
    ///
    /// - Returns: whether there was a desktop to do it.
    private static func opened(_ address: String) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        guard environment["DISPLAY"] != nil || environment["WAYLAND_DISPLAY"] != nil,
            let folder = environment["XDG_RUNTIME_DIR"] ?? environment["HOME"]
        else { return false }
        let file = folder + "/roost-open.html"
        let page = "<!doctype html><meta http-equiv=\"refresh\" content=\"0;url=\(address)\">\n"
        unlink(file)
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        StandardStream.write(page, to: descriptor)
        close(descriptor)
        return ended(["xdg-open", file]) == 0
    }

    /// Runs a command without showing its output.
    ///
    /// - Returns: its exit status, or nil where it cannot be run.
    private static func ended(_ arguments: [String]) -> Int32? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for stream in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0)
        }
        let words = arguments.map { strdup($0) }
        defer { words.forEach { free($0) } }
        var child = pid_t()
        var status: Int32 = 0
        guard posix_spawnp(&child, arguments[0], &actions, nil, words + [nil], environ) == 0,
            waitpid(child, &status, 0) == child
        else { return nil }
        return status
    }
}
