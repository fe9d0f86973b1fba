import NIOCore

/// Flushes what a server sends in pieces, so that no buffer of the connection grows to a whole tensor.
///
/// swift-nio-ssl encrypts all that one flush holds into one buffer, which keeps its size for as long as the connection lives:
/// about 1 MB for each device that waits for its turn.
final class FlushLimit: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let maximumBytes: Int
    private var unflushedBytes = 0

    /// - Parameter maximumBytes: a frame's, for example; a larger write is flushed by itself.
    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        unflushedBytes += unwrapOutboundIn(data).readableBytes
        context.write(data, promise: promise)
        if unflushedBytes >= maximumBytes { flush(context: context) }
    }

    func flush(context: ChannelHandlerContext) {
        unflushedBytes = 0
        context.flush()
    }
}
