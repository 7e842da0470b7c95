package tributary.actors;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import tributary.protocol.GenerationRequest;
import tributary.protocol.TokenEvent;

/** Where requests go and tokens come from, wherever in the cluster the variant lives. */
public interface Generation {
  /**
   * The events of one sequence. Starts when materialized; demand of the stream is what lets the
   * sequence run, within a bounded window; cancelling it cancels the sequence and frees its KV.
   * Ends with {@link TokenEvent.Finished} or {@link TokenEvent.Failed} and completes; a lost
   * message or node ends it with {@code Failed(stream_broken)}.
   */
  Source<TokenEvent, NotUsed> generate(GenerationRequest request);
}
