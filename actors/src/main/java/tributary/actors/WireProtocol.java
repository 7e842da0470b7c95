package tributary.actors;

import akka.actor.typed.ActorRef;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import tributary.actors.serialization.WireCodec;
import tributary.actors.serialization.WireReader;
import tributary.actors.serialization.WireRegistry;
import tributary.actors.serialization.WireWriter;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Haste;
import tributary.protocol.Nanos;
import tributary.protocol.Precision;
import tributary.protocol.Refusal;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.TokenEvent;
import tributary.protocol.TokenLogprob;
import tributary.protocol.Tokens;
import tributary.protocol.Usage;
import tributary.scheduling.placement.ExecutorReport;

/** Every message of this room that crosses nodes, field by field. */
final class WireProtocol {
  private WireProtocol() {}

  static WireRegistry registry() {
    var registry = new WireRegistry();
    toEntities(registry);
    toExecutors(registry);
    toDevices(registry);
    toReaders(registry);
    events(registry);
    return registry;
  }

  private static void toEntities(WireRegistry registry) {
    registry.add(
        20,
        DeltaEntity.Generate.class,
        WireCodec.of(
            (out, generate) -> {
              write(out, generate.request());
              out.count(generate.credit());
              out.actor(generate.reader());
              Haste haste = generate.request().haste();
              if (!haste.equals(Haste.NONE)) {
                WirePrompts.write(out, haste);
              }
            },
            WireProtocol::generate));
    registry.add(
        21,
        DeltaEntity.Cancel.class,
        WireCodec.of(
            (out, cancel) -> out.text(cancel.request().value()),
            in -> new DeltaEntity.Cancel(new RequestId(in.text()))));
    registry.add(
        29,
        DeltaEntity.Refresh.class,
        WireCodec.of(
            (out, refresh) -> out.constant(refresh.eagerness()),
            in -> new DeltaEntity.Refresh(in.constant(DeltaEntity.Refresh.Eagerness.class))));
  }

  private static DeltaEntity.Generate generate(WireReader in) {
    GenerationRequest request = request(in);
    int credit = in.count();
    ActorRef<ReaderMessage> reader = in.actor();
    Haste haste = in.more() ? WirePrompts.haste(in) : Haste.NONE;
    return new DeltaEntity.Generate(request.withHaste(haste), credit, reader);
  }

  private static void toExecutors(WireRegistry registry) {
    registry.add(
        31,
        ExecutorNews.class,
        WireCodec.of(
            (out, news) -> {
              out.text(news.address());
              out.int64(news.report().memory().count());
              out.int64(news.report().taken().count());
              out.all(
                  news.report().loaded().entrySet(),
                  (to, part) -> {
                    to.text(part.getKey());
                    to.int64(part.getValue());
                  });
              if (news.hosting() != null) {
                out.actor(news.hosting().keeper());
                out.all(news.hosting().copies(), WireProtocol::write);
              }
            },
            in ->
                new ExecutorNews(
                    in.text(),
                    new ExecutorReport(new Bytes(in.int64()), new Bytes(in.int64()), loaded(in)),
                    in.more() ? hosting(in) : null)));
    registry.add(
        32,
        ReplicaKeeper.Host.class,
        WireCodec.of(
            (out, host) -> out.text(host.variant().name()),
            in -> new ReplicaKeeper.Host(new DeltaId(in.text()))));
    registry.add(
        33,
        ReplicaKeeper.Leave.class,
        WireCodec.of(
            (out, leave) -> out.text(leave.variant().name()),
            in -> new ReplicaKeeper.Leave(new DeltaId(in.text()))));
  }

  private static void write(WireWriter out, ExecutorNews.Copy copy) {
    out.text(copy.variant().name());
    out.text(copy.version());
    out.int64(copy.waiting());
    out.nullable(copy.replica(), WireWriter::actor);
  }

  private static ExecutorNews.Hosting hosting(WireReader in) {
    return new ExecutorNews.Hosting(
        in.actor(),
        in.all(from ->
            new ExecutorNews.Copy(
                new DeltaId(from.text()),
                from.text(),
                from.int64(),
                from.nullable(WireReader::actor))));
  }

  private static Map<String, Long> loaded(WireReader in) {
    var loaded = new HashMap<String, Long>();
    in.all(from -> Map.entry(from.text(), from.int64()))
        .forEach(part -> loaded.put(part.getKey(), part.getValue()));
    return loaded;
  }

  private static void toDevices(WireRegistry registry) {
    registry.add(
        22,
        DeviceActor.Credit.class,
        WireCodec.of(
            (out, credit) -> {
              out.text(credit.request().value());
              out.count(credit.tokens());
            },
            in -> new DeviceActor.Credit(new RequestId(in.text()), in.count())));
    registry.add(
        23,
        DeviceActor.Cancel.class,
        WireCodec.of(
            (out, cancel) -> out.text(cancel.request().value()),
            in -> new DeviceActor.Cancel(new RequestId(in.text()))));
    registry.add(
        24,
        DeviceActor.Probe.class,
        WireCodec.of(
            (out, probe) -> {
              out.text(probe.request().value());
              out.actor(probe.reader());
            },
            in -> new DeviceActor.Probe(new RequestId(in.text()), in.actor())));
  }

  private static void toReaders(WireRegistry registry) {
    registry.add(
        30,
        ReaderMessage.Received.class,
        WireCodec.of(
            (out, received) -> {
              out.text(received.request().value());
              out.actor(received.by());
            },
            in -> new ReaderMessage.Received(new RequestId(in.text()), in.actor())));
    registry.add(
        25,
        ReaderMessage.Accepted.class,
        WireCodec.of(
            (out, accepted) -> {
              out.text(accepted.request().value());
              out.actor(accepted.device());
            },
            in -> new ReaderMessage.Accepted(new RequestId(in.text()), in.actor())));
    registry.add(
        26,
        ReaderMessage.Event.class,
        WireCodec.of(
            (out, event) -> out.registered(event.event()),
            in -> new ReaderMessage.Event(in.registered(TokenEvent.class))));
    registry.add(
        27,
        ReaderMessage.Status.class,
        WireCodec.of(
            (out, status) -> {
              out.text(status.request().value());
              out.count(status.tokensSent());
            },
            in -> new ReaderMessage.Status(new RequestId(in.text()), in.count())));
    registry.add(
        28,
        ReaderMessage.Unknown.class,
        WireCodec.of(
            (out, unknown) -> out.text(unknown.request().value()),
            in -> new ReaderMessage.Unknown(new RequestId(in.text()))));
  }

  private static void events(WireRegistry registry) {
    registry.add(
        40,
        TokenEvent.Token.class,
        WireCodec.of(
            (out, token) -> {
              out.text(token.request().value());
              out.count(token.index());
              out.count(token.token());
              out.nullable(token.logprob(), WireProtocol::write);
              out.all(token.top(), WireProtocol::write);
            },
            in ->
                new TokenEvent.Token(
                    new RequestId(in.text()),
                    in.count(),
                    in.count(),
                    in.nullable(WireProtocol::logprob),
                    in.all(WireProtocol::logprob))));
    registry.add(
        41,
        TokenEvent.Finished.class,
        WireCodec.of(
            (out, finished) -> {
              out.text(finished.request().value());
              out.constant(finished.reason());
              out.count(finished.usage().promptTokens());
              out.count(finished.usage().completionTokens());
              out.nullable(finished.usage().precision(), WireProtocol::write);
              out.nullable(finished.timing(), WirePrompts::write);
            },
            in ->
                new TokenEvent.Finished(
                    new RequestId(in.text()),
                    in.constant(FinishReason.class),
                    new Usage(in.count(), in.count(), in.nullable(WireProtocol::precision)),
                    in.nullable(WirePrompts::timing))));
    registry.add(
        42,
        TokenEvent.Failed.class,
        WireCodec.of(
            (out, failed) -> {
              out.text(failed.request().value());
              write(out, failed.refusal());
            },
            in -> new TokenEvent.Failed(new RequestId(in.text()), refusal(in))));
    registry.add(
        43,
        TokenEvent.PromptRead.class,
        WireCodec.of(
            (out, read) -> {
              out.text(read.request().value());
              WirePrompts.write(out, read.news());
            },
            in -> new TokenEvent.PromptRead(new RequestId(in.text()), WirePrompts.news(in))));
  }

  private static void write(WireWriter out, GenerationRequest request) {
    out.text(request.id().value());
    out.text(request.model().name());
    out.count(request.prompt().count());
    for (int i = 0; i < request.prompt().count(); i++) {
      out.count(request.prompt().id(i));
    }
    write(out, request.sampling());
    out.count(request.stop().maxTokens());
    out.count(request.stop().minTokens());
    out.all(request.stop().stopTokens(), WireWriter::count);
    WireForms.write(out, request.form());
    WirePrompts.write(out, request.reading());
  }

  private static GenerationRequest request(WireReader in) {
    return new GenerationRequest(
        new RequestId(in.text()),
        new DeltaId(in.text()),
        tokens(in),
        sampling(in),
        new StopRule(in.count(), in.count(), Set.copyOf(in.all(WireReader::count))),
        WireForms.read(in),
        WirePrompts.reading(in));
  }

  private static Tokens tokens(WireReader in) {
    int[] ids = new int[in.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = in.count();
    }
    return Tokens.of(ids);
  }

  private static void write(WireWriter out, Sampling sampling) {
    out.float64(sampling.temperature());
    out.count(sampling.topK());
    out.float64(sampling.topP());
    out.float64(sampling.minP());
    out.int64(sampling.seed());
    out.float64(sampling.repetitionPenalty());
    out.float64(sampling.presencePenalty());
    out.float64(sampling.frequencyPenalty());
    out.all(
        sampling.logitBias().entrySet(),
        (to, bias) -> {
          to.count(bias.getKey());
          to.float64(bias.getValue());
        });
    out.count(sampling.topLogprobs());
  }

  private static Sampling sampling(WireReader in) {
    return new Sampling(
        in.float64(),
        in.count(),
        in.float64(),
        in.float64(),
        in.int64(),
        in.float64(),
        in.float64(),
        in.float64(),
        logitBias(in),
        in.count());
  }

  private static Map<Integer, Double> logitBias(WireReader in) {
    var bias = new HashMap<Integer, Double>();
    in.all(from -> Map.entry(from.count(), from.float64()))
        .forEach(entry -> bias.put(entry.getKey(), entry.getValue()));
    return bias;
  }

  static void write(WireWriter out, TokenLogprob logprob) {
    out.count(logprob.token());
    out.float32(logprob.logprob());
  }

  private static void write(WireWriter out, Precision precision) {
    out.count(precision.least());
    out.count(precision.greatest());
    out.count(precision.available());
  }

  private static Precision precision(WireReader in) {
    return new Precision(in.count(), in.count(), in.count());
  }

  static TokenLogprob logprob(WireReader in) {
    return new TokenLogprob(in.count(), in.float32());
  }

  private static void write(WireWriter out, Refusal refusal) {
    out.constant(refusal.code());
    out.text(refusal.message());
    out.nullable(refusal.parameter(), WireWriter::text);
    out.nullable(refusal.retryAfter(), (to, retryAfter) -> to.int64(retryAfter.count()));
  }

  private static Refusal refusal(WireReader in) {
    return new Refusal(
        in.constant(ErrorCode.class, ErrorCode.INTERNAL),
        in.text(),
        in.nullable(WireReader::text),
        in.nullable(from -> new Nanos(from.int64())));
  }
}
