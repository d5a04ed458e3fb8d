"""What Roost is and how it is used: question patterns and answers, after the README and the design."""

from common.phrases import Phrases

_ABOUT = [
    (
        [
            "what is [Roost|roost|this Roost]?",
            "[tell me|explain|say something] about [Roost|roost].",
            "[what's|explain] Roost[|, please].",
            "[what does|what is] Roost [do|for]?",
            "describe Roost[| to me| in a sentence].",
        ],
        ["can you explain what Roost is?"],
        "Roost is a small native host that serves many kinds of AI models. Each model family is a plugin.",
    ),
    (
        [
            "how do I [start|run|launch|use] Roost?",
            "[what|which] command starts Roost?",
            "how [is Roost started|can I start Roost|do you start Roost|do I get Roost running]?",
            "[start|starting] Roost: how?",
        ],
        ["which command do I need to run Roost?"],
        "Type make run in the folder of Roost. It builds, serves and prints the address.",
    ),
    (
        [
            "how do I [run the tests|test Roost|start the tests]?",
            "[what|which] command [runs|starts] the tests?",
            "how [are|can] the tests [of Roost |]be run?",
            "how do I know that Roost works?",
        ],
        ["how can I test Roost?"],
        "Type make test. It runs every test.",
    ),
    (
        [
            "[what|which] [port|address] does Roost [use|listen on|serve on]?",
            "[where|at which address] does Roost listen?",
            "on [what|which] port [is|does] Roost [running|run]?",
            "[what is|tell me] the address of Roost[?|.]",
        ],
        ["where can I reach Roost?"],
        "Roost listens on 127.0.0.1, port 8080.",
    ),
    (
        [
            "what is a plugin[| in Roost]?",
            "[explain|describe] [plugins|what a plugin is][|, please].",
            "what [does|do] [a plugin|plugins] do?",
            "what are plugins[| for]?",
        ],
        ["tell me what a plugin is."],
        "A plugin is a library that runs one family of models behind a C interface.",
    ),
    (
        [
            "how do I [write|make|build|create] a plugin?",
            "how [can|do] [I|you|we] [write|make] my own plugin?",
            "what do I need to [write|make] a plugin?",
            "[writing|making] a plugin: how?",
        ],
        ["how is a plugin written?"],
        "Include the C header roost_plugin.h and write the functions of the table, or use the Swift kit.",
    ),
    (
        [
            "in [what|which] language[s|] can [I|you] write plugins?",
            "[what|which] languages can plugins [be written in|use]?",
            "can I write a plugin in [Rust|C|Python|another language]?",
            "is [C|Rust|Swift] [allowed|fine|good] for plugins?",
        ],
        ["which programming languages work for plugins?"],
        "In any language that can speak the C interface: C, C++, Rust, Swift and others.",
    ),
    (
        [
            "what happens when a model crashes?",
            "[what if|what happens if] a [model|worker] [crashes|dies|stops]?",
            "is a crash [bad|dangerous]?",
            "does a crash stop [Roost|the server|other models]?",
        ],
        ["a model crashed. What now?"],
        "Only that model restarts. Each model runs in a process of its own, and its streams go on.",
    ),
    (
        [
            "how do I [reload|replace|update] a model?",
            "[what|which] command reloads a model?",
            "can I [replace|reload|swap] a model while [Roost runs|the server runs|it serves]?",
            "how does [hot reload|reloading] work?",
        ],
        ["how is a model reloaded?"],
        "Use roost models reload with the model's name. The old one serves until the new one is ready.",
    ),
    (
        [
            "where [is|do I find|can I find] the [configuration|settings]?",
            "[what|which] file [has|holds|contains] the [configuration|settings]?",
            "how do I [configure Roost|change the settings|change settings]?",
            "how is Roost configured?",
        ],
        ["in which file are the settings of Roost?"],
        "The settings are in the file plugins.toml.",
    ),
    (
        [
            "how do I check [the configuration|my configuration|the settings]?",
            "[what|which] command checks the [configuration|settings]?",
            "how do I find [an error|a mistake] in [plugins.toml|the settings]?",
        ],
        ["is there a way to check my settings?"],
        "Type roost config check. It says what is wrong before anything starts.",
    ),
    (
        [
            "where do I put [models|a model|my models|a new model]?",
            "how do I add a [model|new model]?",
            "[where|in which folder] [do models go|are the models|are models kept]?",
            "how can I serve [my own|another] model?",
        ],
        ["I have a model file. Where does it go?"],
        "Put the GGUF file or the Hugging Face folder into Models, or name it in plugins.toml.",
    ),
    (
        [
            "[what|which] [formats|model formats|files] [can Roost read|does Roost read|does Roost support]?",
            "does Roost [read|support|load] GGUF[| files]?",
            "can Roost [read|load] safetensors[| files]?",
            "do I have to convert [my model|models]?",
        ],
        ["which kinds of model files does Roost accept?"],
        "Roost reads GGUF files and Hugging Face folders with safetensors. Nothing is converted.",
    ),
    (
        [
            "[what|which] API does Roost [have|speak|use|offer]?",
            "does Roost [speak|support|have] the OpenAI API?",
            "can I use [OpenAI|my OpenAI] clients[| with Roost]?",
            "is Roost [compatible with|like] OpenAI?",
        ],
        ["which API can my client use with Roost?"],
        "Roost speaks the OpenAI API, so clients of that API work unchanged.",
    ),
    (
        [
            "does Roost need [the internet|a network|internet|the cloud]?",
            "can Roost [work|run] [offline|without internet|without a network]?",
            "does Roost work offline?",
            "do [you|I] need the internet?",
        ],
        ["is the internet needed for Roost?"],
        "No. Roost runs on your own machine, and the demo models are in the repository.",
    ),
    (
        [
            "does Roost need a [GPU|graphics card]?",
            "can Roost run [on a CPU|without a GPU|on a laptop]?",
            "do I need a [GPU|graphics card][| for Roost]?",
            "what hardware [does Roost|do I] need?",
        ],
        ["must I have a GPU to run Roost?"],
        "No, a normal processor is enough.",
    ),
    (
        [
            "[what|which] licen[c|s]e does Roost have?",
            "under [what|which] licen[c|s]e is Roost?",
            "[what is|tell me] the licen[c|s]e of Roost[?|.]",
            "is Roost [free|open source]?",
        ],
        ["may I use Roost freely?"],
        "Roost is under the Apache 2.0 licence.",
    ),
    (
        [
            "in [what|which] language is Roost written?",
            "[what|which] language is Roost [written|made] in?",
            "is Roost written in [Swift|C|Rust|Python]?",
            "what is Roost [made|written] in?",
        ],
        ["which programming language was used for Roost?"],
        "Roost is written in Swift, with kernels in C.",
    ),
    (
        [
            "how do I chat [in the terminal|from a terminal|on the command line]?",
            "[what|which] command [opens|starts] a chat?",
            "can I chat [in|from] [a|the] terminal?",
        ],
        ["is there a command to chat?"],
        "Type roost chat in a terminal.",
    ),
    (
        [
            "how do I [see|list|show] the [loaded |]models?",
            "[what|which] command [lists|shows] the models?",
            "which models are loaded?",
        ],
        ["how can I see what is loaded?"],
        "Type roost models list.",
    ),
    (
        [
            "how do I compare [texts|two texts|sentences][| with Roost]?",
            "[what|which] command [compares|turns] texts[| into vectors]?",
            "how [close|alike] are two texts?",
        ],
        ["is there a command that compares texts?"],
        "Type roost embed with --compare and the texts.",
    ),
    (
        [
            "can Roost answer questions [about|from] [my texts|a text|my files]?",
            "how do I ask [my texts|a text|my collection] a question?",
            "[what|which] [route|address] answers questions[| from passages]?",
        ],
        ["how do I get answers from my texts?"],
        "Send the question and your passages, or the name of a collection, to /v1/answer.",
    ),
    (
        [
            "how do I search[| with Roost| my texts]?",
            "can Roost search[| texts| my texts]?",
            "[what|which] command searches?",
        ],
        ["is there a command to search?"],
        "Type roost search with a collection and what you look for, or use the search tab of the page.",
    ),
    (
        [
            "[where is|is there|how do I open] [the|a] [chat |]page?",
            "can I use Roost in [a|the|my] browser?",
            "how do I open Roost in [the|a|my] browser?",
        ],
        ["where do I find the page?"],
        "Open http://127.0.0.1:8080 in a browser.",
    ),
    (
        ["how do I stop Roost?", "how can [I|you] [stop|end|quit] Roost?", "[what|which] key[s|] stop[s|] Roost?"],
        ["how is Roost stopped?"],
        "Press Control and C in its terminal. Running answers are finished first.",
    ),
]

ROOST = [(Phrases(*patterns, held=tuple(held)), answer) for patterns, held, answer in _ABOUT]
