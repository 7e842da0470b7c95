package tributary.streams;

import akka.NotUsed;
import akka.stream.Attributes;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.SinkShape;
import akka.stream.SourceShape;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.stream.stage.TimerGraphStageLogic;
import akka.util.ByteString;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Refusal;

/**
 * The way of one answer's events to its connection. The answer runs before there is a response to
 * carry it, so the two are streams of their own; between them are bytes, of which the connection
 * takes all there are at once. One event stays one event, but those that wait leave together.
 *
 * <p>Bounded: past {@link #HELD_BYTES_MAX} the answer is not asked for more until the connection
 * has taken what is there.
 */
final class AnswerPipe {
  /** An event is put in whole, so that as much as the largest event may be held beyond this. */
  static final int HELD_BYTES_MAX = 8 * 1024;

  /**
   * Until so many heartbeats are due nothing is sent, so that a refusal can still be a status. From
   * then on comments keep proxies and the client from giving up.
   */
  private static final int HEARTBEATS_BEFORE_FIRST_BYTE = 3;

  private final SseEncoder encoder;
  private final Duration heartbeat;
  private final CompletableFuture<Optional<Refusal>> begun = new CompletableFuture<>();

  // Shared between the two streams, guarded by this.
  private final EventBytes bytes = new EventBytes();
  private boolean ended;
  private boolean abandoned;
  private boolean writerWaits;
  private @Nullable Throwable failure;
  private @Nullable AsyncCallback<NotUsed> writer;
  private @Nullable AsyncCallback<NotUsed> waitingReader;

  AnswerPipe(SseEncoder encoder, Duration heartbeat) {
    this.encoder = encoder;
    this.heartbeat = heartbeat;
  }

  /** Where the events go; once. */
  Sink<AnswerEvent, NotUsed> sink() {
    return Sink.fromGraph(new Writer());
  }

  /** Completes when it is known whether there is an answer: with the reason if there is none. */
  CompletionStage<Optional<Refusal>> begun() {
    return begun;
  }

  /** Where the bytes come from; once. */
  Source<ByteString, NotUsed> source() {
    return Source.fromGraph(new Reader());
  }

  /** Says whether there is room for more; if not, the writer is told when there is. */
  private boolean put(AnswerEvent event) {
    AsyncCallback<NotUsed> reader;
    boolean room;
    synchronized (this) {
      encoder.encode(event, bytes);
      reader = bytes.isEmpty() ? null : takeWaitingReader();
      room = bytes.length() < HELD_BYTES_MAX;
      writerWaits = !room;
    }
    wake(reader);
    return room;
  }

  private void end(@Nullable Throwable reason) {
    AsyncCallback<NotUsed> reader;
    synchronized (this) {
      ended = true;
      failure = reason;
      reader = takeWaitingReader();
    }
    wake(reader);
  }

  /** What is there; if nothing is and more may come, {@code reader} is told when there is. */
  private ByteString take(AsyncCallback<NotUsed> reader) {
    AsyncCallback<NotUsed> toldOfRoom = null;
    ByteString taken = ByteString.emptyByteString();
    synchronized (this) {
      if (!bytes.isEmpty()) {
        taken = bytes.take();
        toldOfRoom = writerWaits ? writer : null;
        writerWaits = false;
      } else if (!ended) {
        waitingReader = reader;
      }
    }
    wake(toldOfRoom);
    return taken;
  }

  /** Nobody will take any more. */
  private void abandon() {
    AsyncCallback<NotUsed> told;
    synchronized (this) {
      abandoned = true;
      told = writer;
    }
    wake(told);
  }

  private synchronized void writeBy(AsyncCallback<NotUsed> callback) {
    writer = callback;
  }

  private synchronized boolean isEnded() {
    return ended;
  }

  private synchronized @Nullable Throwable failure() {
    return failure;
  }

  private synchronized boolean isAbandoned() {
    return abandoned;
  }

  private @Nullable AsyncCallback<NotUsed> takeWaitingReader() {
    AsyncCallback<NotUsed> reader = waitingReader;
    waitingReader = null;
    return reader;
  }

  private static void wake(@Nullable AsyncCallback<NotUsed> waiting) {
    if (waiting != null) {
      waiting.invoke(NotUsed.getInstance());
    }
  }

  /** Runs with the answer. */
  private final class Writer extends GraphStage<SinkShape<AnswerEvent>> {
    private final Inlet<AnswerEvent> in = Inlet.create("AnswerPipe.in");
    private final SinkShape<AnswerEvent> shape = SinkShape.of(in);

    @Override
    public SinkShape<AnswerEvent> shape() {
      return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes inheritedAttributes) {
      return new Writing();
    }

    private final class Writing extends TimerGraphStageLogic {
      private int heartbeats;
      private boolean quiet = true;

      Writing() {
        super(shape);
        setHandler(
            in,
            new AbstractInHandler() {
              @Override
              public void onPush() {
                take(grab(in));
              }

              @Override
              public void onUpstreamFinish() {
                begun.complete(Optional.of(Refusals.CUT_SHORT));
                end(null);
                completeStage();
              }

              @Override
              public void onUpstreamFailure(Throwable reason) {
                begun.completeExceptionally(reason);
                end(reason);
                failStage(reason);
              }
            });
      }

      @Override
      public void preStart() {
        writeBy(createAsyncCallback(_ -> told()));
        scheduleWithFixedDelay("heartbeat", heartbeat, heartbeat);
        pull(in);
      }

      private void take(AnswerEvent event) {
        quiet = false;
        if (!begun.isDone() && event instanceof AnswerEvent.Failed(Refusal refusal)) {
          begun.complete(Optional.of(refusal));
          completeStage();
          return;
        }
        boolean room = put(event);
        begun.complete(Optional.empty());
        if (room) {
          pull(in);
        }
      }

      /** There is room, or nobody who takes anything. */
      private void told() {
        if (isAbandoned()) {
          completeStage();
        } else if (!hasBeenPulled(in) && !isClosed(in)) {
          pull(in);
        }
      }

      /** A comment where nothing was said since the last time. */
      @Override
      public void onTimer(Object key) {
        if (quiet && hasBeenPulled(in)) {
          heartbeats++;
          if (begun.isDone() || heartbeats >= HEARTBEATS_BEFORE_FIRST_BYTE) {
            put(new AnswerEvent.Waiting());
            begun.complete(Optional.empty());
          }
        }
        quiet = true;
      }
    }
  }

  /** Runs with the connection. */
  private final class Reader extends GraphStage<SourceShape<ByteString>> {
    private final Outlet<ByteString> out = Outlet.create("AnswerPipe.out");
    private final SourceShape<ByteString> shape = SourceShape.of(out);

    @Override
    public SourceShape<ByteString> shape() {
      return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes inheritedAttributes) {
      return new Reading();
    }

    private final class Reading extends GraphStageLogic {
      private final AsyncCallback<NotUsed> toldOfBytes = createAsyncCallback(_ -> pushAll());

      Reading() {
        super(shape);
        setHandler(
            out,
            new AbstractOutHandler() {
              @Override
              public void onPull() {
                pushAll();
              }

              @Override
              public void onDownstreamFinish(Throwable cause) throws Exception {
                abandon();
                super.onDownstreamFinish(cause);
              }
            });
      }

      private void pushAll() {
        if (!isAvailable(out)) {
          return;
        }
        ByteString taken = take(toldOfBytes);
        if (!taken.isEmpty()) {
          push(out, taken);
        } else if (isEnded()) {
          Throwable reason = failure();
          if (reason == null) {
            completeStage();
          } else {
            failStage(reason);
          }
        }
      }
    }
  }
}
