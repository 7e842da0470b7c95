package tributary.streams;

import java.util.List;
import tributary.actors.ServedModel;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.openai.EmbeddingBody;
import tributary.protocol.openai.GenerationOptions.Delivery;
import tributary.protocol.openai.GenerationOptions.Stopping;

/**
 * A request that was understood and checked against its model.
 *
 * @param id of the answer
 * @param created seconds since 1970
 * @param promptTokens of all prompts, each counted once however many answers it gets
 * @param encoding of vectors
 * @param reasonForCalls why an answer ends that calls tools
 */
record AcceptedRequest(
    Endpoint endpoint,
    String id,
    long created,
    ServedModel model,
    List<Choice> choices,
    int promptTokens,
    Stopping stopping,
    Delivery delivery,
    EmbeddingBody.Encoding encoding,
    FinishReason reasonForCalls) {
  /**
   * One answer to one prompt, made by one sequence.
   *
   * @param echo text that the answer begins with
   * @param tellsPromptScores whether the scores of the prompt's tokens are told beside the answer
   */
  record Choice(int index, GenerationRequest request, String echo, boolean tellsPromptScores) {}

  AcceptedRequest {
    choices = List.copyOf(choices);
  }

  /** What the prompts have and the answers may have together. */
  long tokensMax() {
    long answers = choices.stream().mapToLong(choice -> choice.request().stop().maxTokens()).sum();
    return promptTokens + answers;
  }

  /** As error messages, logs and answers name the model. */
  String modelName() {
    return model.id().name();
  }
}
