import PluginHost
import Testing

@Suite struct WorkerDeathTests {
    private static func words(_ output: String) -> String {
        let death = WorkerDeath(cause: .signal(6), step: "forward", stderr: output)
        return String(death.description.split(separator: "; its last words: ").last ?? "")
    }

    @Test(arguments: [
        // Rust
        (
            "loading\nthread '<unnamed>' panicked at src/lib.rs:40:9:\ntilde\nnote: run with more\n"
                + "thread caused non-unwinding panic. aborting.",
            "thread '<unnamed>' panicked at src/lib.rs:40:9: / tilde / note: run with more"
        ),
        // C++
        (
            "terminate called after throwing an instance of 'std::runtime_error'\n  what():  tilde\n",
            "terminate called after throwing an instance of 'std::runtime_error' / what():  tilde"
        ),
        // Zig
        (
            "thread 7 panic: tilde\n???:?:?: 0x0 in ??? (???)\n???:?:?: 0x1 in ??? (???)\n"
                + "???:?:?: 0x2 in ??? (???)",
            "thread 7 panic: tilde / ???:?:?: 0x0 in ??? (???) / ???:?:?: 0x1 in ??? (???)"
        ),
        // C
        (
            "one\nplugin: a.c:7: f: Assertion `n > 0' failed.\n",
            "plugin: a.c:7: f: Assertion `n > 0' failed."
        ),
        // Nothing that looks like a reason: the end.
        ("1\n2\n\n3\n4\n", "2 / 3 / 4"),
    ])
    func theLastWordsAreTheLinesThatSayWhy(output: String, words: String) {
        #expect(Self.words(output) == words)
    }

    @Test func noWordsAreNoWords() {
        let death = WorkerDeath(cause: .exit(7), step: "open", stderr: " \n")
        #expect(death.description == "the worker exited with status 7 in open")
    }

    @Test(arguments: [
        (Duration.milliseconds(251), "251 ms"), (.seconds(2.251193258), "2.3 s"),
        (.seconds(2), "2 s"),
        (.seconds(59.999946961), "60 s"), (.seconds(600), "600 s"), (.milliseconds(9999), "10 s"),
    ])
    func timesAreRounded(time: Duration, text: String) {
        #expect(time.rounded == text)
    }

    @Test(
        arguments: [
            (-9, "ROOST_E_INTERNAL"), (-3, "ROOST_E_NOMEM"),
            (-77, "status -77, which is no ROOST_E_*,"),
        ] as [(Int32, String)])
    func statusesHaveTheHeadersNames(status: Int32, name: String) {
        #expect(ErrorCode.name(ofStatus: status) == name)
    }
}
