package import PluginHost

/// What happens while the pictures of a request are made. Their numbers count from 0.
package enum ImageEvent: Sendable, Equatable {
    /// A step is done. After a crash of the model the steps of a picture begin anew.
    case step(picture: Int, ImageProgress)
    /// The picture so far, perhaps smaller than it will be.
    case preview(picture: Int, number: Int, Picture)
    case picture(Int, Picture)
}

/// Pictures that somebody wants, one made after the other.
package struct ImageOrder: Sendable {
    package var requests: [ImageRequest]
    /// How many pictures that are not done are shown of each, evenly spread over its steps.
    package var previews: Int

    package init(_ requests: [ImageRequest], previews: Int = 0) {
        self.requests = requests
        self.previews = previews
    }
}
