package tributary.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.stream.javadsl.Keep;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.stream.testkit.javadsl.TestSource;
import akka.util.ByteString;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tributary.protocol.ErrorCode;
import tributary.protocol.Refusal;
import tributary.protocol.openai.BodyLimits;
import tributary.protocol.openai.CompletionBody;

/** Events go in one by one, bytes come out as many as there are. */
class AnswerPipeTest {
  private static final ActorTestKit KIT = ActorTestKit.create("pipe");
  private static final Duration LONG = Duration.ofMinutes(1);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private static AnswerPipe pipe() {
    return new AnswerPipe(new SseEncoder(completion()), LONG);
  }

  private static AnswerEvent text(int number) {
    return new AnswerEvent.Text(0, "t" + number, List.of(), number);
  }

  private static int events(ByteString bytes) {
    return bytes.utf8String().split("\n\n", -1).length - 1;
  }

  @Test
  void what_waits_leaves_together_and_stays_apart() {
    var pipe = pipe();
    var writer =
        TestSource.<AnswerEvent>create(KIT.system().classicSystem())
            .toMat(pipe.sink(), Keep.left())
            .run(KIT.system());
    for (int i = 0; i < 5; i++) {
      writer.sendNext(text(i));
    }
    writer.sendComplete();
    TestServer.await(pipe.begun());
    List<ByteString> chunks = TestServer.await(pipe.source().runWith(Sink.seq(), KIT.system()));

    assertThat(chunks.stream().mapToInt(AnswerPipeTest::events).sum()).isEqualTo(5);
    assertThat(chunks.stream().map(ByteString::utf8String).reduce("", String::concat))
        .contains("\"text\":\"t0\"", "\"text\":\"t4\"");
  }

  @Test
  void no_more_is_held_than_may_be_and_nothing_is_lost() {
    var pipe = pipe();
    int eventBytes = 300;
    Source.range(1, 5_000).map(AnswerPipeTest::text).runWith(pipe.sink(), KIT.system());
    TestServer.await(pipe.begun());
    List<ByteString> chunks = TestServer.await(pipe.source().runWith(Sink.seq(), KIT.system()));

    assertThat(chunks).allMatch(chunk -> chunk.size() < AnswerPipe.HELD_BYTES_MAX + eventBytes);
    assertThat(chunks.stream().mapToInt(AnswerPipeTest::events).sum()).isEqualTo(5_000);
  }

  @Test
  void a_reader_that_leaves_ends_the_writer() {
    var pipe = pipe();
    var writer =
        TestSource.<AnswerEvent>create(KIT.system().classicSystem())
            .toMat(pipe.sink(), Keep.left())
            .run(KIT.system());
    writer.sendNext(text(0));
    TestServer.await(pipe.begun());
    pipe.source().runWith(Sink.cancelled(), KIT.system());
    writer.expectCancellation();
  }

  @Test
  void a_failure_before_the_first_byte_is_a_refusal() {
    var pipe = pipe();
    var refusal = Refusal.of(ErrorCode.QUEUE_FULL, "full");
    Source.<AnswerEvent>single(new AnswerEvent.Failed(refusal)).runWith(pipe.sink(), KIT.system());

    assertThat(TestServer.await(pipe.begun())).hasValue(refusal);
  }

  @Test
  void nothing_at_all_is_a_refusal() {
    var pipe = pipe();
    Source.<AnswerEvent>empty().runWith(pipe.sink(), KIT.system());

    assertThat(TestServer.await(pipe.begun())).hasValue(Refusals.CUT_SHORT);
  }

  @Test
  void a_defect_behind_the_first_event_fails_the_reader() {
    var pipe = pipe();
    var writer =
        TestSource.<AnswerEvent>create(KIT.system().classicSystem())
            .toMat(pipe.sink(), Keep.left())
            .run(KIT.system());
    writer.sendNext(text(0));
    TestServer.await(pipe.begun());
    writer.sendError(new IllegalStateException("broken"));

    assertThatThrownBy(() -> TestServer.await(pipe.source().runWith(Sink.seq(), KIT.system())))
        .isInstanceOf(CompletionException.class)
        .hasRootCauseMessage("broken");
  }

  private static AcceptedRequest completion() {
    byte[] json = "{\"model\":\"tenant-a\",\"prompt\":\"x\",\"stream\":true}".getBytes(UTF_8);
    var admission =
        new Admission(new Models(TestModels::all), TestServer.surroundings(new AtomicInteger()));
    return admission.accept(CompletionBody.read(json, new BodyLimits(4, 4, 4)));
  }
}
