package tributary.streams;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import tributary.actors.Generation;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Refusal;
import tributary.protocol.TokenEvent;
import tributary.protocol.TokenLogprob;
import tributary.protocol.Usage;

/** Tells what a test has written down, and remembers what became of each sequence. */
final class ScriptedGeneration implements Generation {
  /** One sequence, from its start. */
  static final class Run {
    final GenerationRequest request;
    final AtomicInteger events = new AtomicInteger();
    final CompletableFuture<Void> over = new CompletableFuture<>();

    /** Whether the stream was ended from below, before its last event. */
    volatile boolean cancelled;

    Run(GenerationRequest request) {
      this.request = request;
    }
  }

  final BlockingQueue<Run> runs = new LinkedBlockingQueue<>();
  private final Function<GenerationRequest, Source<TokenEvent, NotUsed>> script;

  ScriptedGeneration(Function<GenerationRequest, Source<TokenEvent, NotUsed>> script) {
    this.script = script;
  }

  @Override
  public Source<TokenEvent, NotUsed> generate(GenerationRequest request) {
    return Source.fromMaterializer(
            (materializer, attributes) -> {
              var run = new Run(request);
              runs.add(run);
              return script
                  .apply(request)
                  .map(event -> {
                    run.events.incrementAndGet();
                    run.cancelled = event instanceof TokenEvent.Token;
                    return event;
                  })
                  .watchTermination((mat, done) -> {
                    run.cancelled = true;
                    done.whenComplete((_, _) -> run.over.complete(null));
                    return mat;
                  });
            })
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }

  /** Says these UTF-8 bytes, then ends for this reason. */
  static Source<TokenEvent, NotUsed> text(
      GenerationRequest request, String text, FinishReason reason) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return tokens(
        request,
        reason,
        IntStream.range(0, bytes.length).map(i -> Byte.toUnsignedInt(bytes[i])).toArray());
  }

  static Source<TokenEvent, NotUsed> tokens(
      GenerationRequest request, FinishReason reason, int... tokens) {
    var events = new ArrayList<TokenEvent>();
    for (int i = 0; i < tokens.length; i++) {
      events.add(token(request, i, tokens[i]));
    }
    events.add(
        new TokenEvent.Finished(
            request.id(), reason, new Usage(request.prompt().count(), tokens.length)));
    return Source.from(events);
  }

  /** The same letters for ever, up to the request's limit. */
  static Source<TokenEvent, NotUsed> alphabet(GenerationRequest request) {
    int count = request.stop().maxTokens();
    return Source.range(0, count)
        .map(i ->
            i < count
                ? token(request, i, 'a' + i % 26)
                : new TokenEvent.Finished(
                    request.id(), FinishReason.LENGTH, new Usage(request.prompt().count(), count)));
  }

  static Source<TokenEvent, NotUsed> failing(GenerationRequest request, Refusal refusal) {
    return Source.single(new TokenEvent.Failed(request.id(), refusal));
  }

  static TokenEvent token(GenerationRequest request, int index, int token) {
    if (!request.sampling().reportsLogprobs()) {
      return new TokenEvent.Token(request.id(), index, token, null, List.of());
    }
    var top =
        IntStream.range(0, request.sampling().topLogprobs())
            .mapToObj(i -> new TokenLogprob((token + i) % TestModels.EOS, -0.5f - i))
            .toList();
    return new TokenEvent.Token(request.id(), index, token, new TokenLogprob(token, -0.5f), top);
  }
}
