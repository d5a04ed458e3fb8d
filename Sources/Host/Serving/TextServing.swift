import Engine
import PluginHost

/// What answers requests for one revision of a text model: its engine and its chat template.
final class TextServing: RevisionServing {
    let engine: TextEngine
    let prompt: ChatPrompt

    init(_ engine: TextEngine, chat: Settings.Chat = Settings.Chat()) {
        self.engine = engine
        prompt = ChatPrompt(engine, chat)
    }

    func drain(upTo limit: Duration) async {
        await engine.drain(upTo: limit)
    }

    func stop() async {
        await engine.stop()
    }
}
