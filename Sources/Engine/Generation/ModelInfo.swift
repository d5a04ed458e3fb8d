package import PluginHost

/// What a plugin tells about its model, for `/v1/models` and the page. Nothing in it is certain: a key
/// that is missing, or is not of the expected type, is nil.
package struct ModelInfo: Sendable {
    package var name: String?
    package var architecture: String?
    package var parameters: Int?
    package var contextLength: Int?
    package var quantization: String?
    package var license: String?
    /// Jinja.
    package var chatTemplate: String?
    /// All of it.
    package var json: JSONValue

    package init(_ description: ModelDescription) {
        json = (try? JSONValue(parsing: description.infoJSON)) ?? .null
        name = json["name"]?.string
        architecture = json["architecture"]?.string ?? description.family
        parameters = json["parameters"]?.integer
        contextLength = json["context_length"]?.integer
        quantization = json["quantization"]?.string
        license = json["license"]?.string
        chatTemplate = json["chat_template"]?.string
    }
}
