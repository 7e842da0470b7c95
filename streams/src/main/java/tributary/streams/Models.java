package tributary.streams;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tributary.actors.ServedModel;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.protocol.openai.ModelCard;
import tributary.streams.tenancy.Caller;

/** The models that a caller's requests may name. */
final class Models {
  private final Supplier<List<ServedModel>> models;
  private final Caller caller;

  /**
   * All of them.
   *
   * @param models asked anew each time
   */
  Models(Supplier<List<ServedModel>> models) {
    this(models, Caller.ANYBODY);
  }

  private Models(Supplier<List<ServedModel>> models, Caller caller) {
    this.models = models;
    this.caller = caller;
  }

  /** Those that a caller may use; of others it does not learn whether they exist. */
  Models of(Caller who) {
    return new Models(models, who);
  }

  /** The model of that name, which may be any text. */
  ServedModel named(String name) {
    return visible()
        .filter(model -> model.id().name().equals(name))
        .findFirst()
        .orElseThrow(() -> unknown(name));
  }

  ModelCard.Listing cards(long created) {
    return new ModelCard.Listing(
        visible()
            .sorted((a, b) -> a.id().compareTo(b.id()))
            .map(model -> card(model, created))
            .toList());
  }

  static ModelCard card(ServedModel model, long created) {
    @Nullable String parent = model.base().equals(model.id()) ? null : model.base().name();
    return new ModelCard(model.id().name(), parent, created, model.contextLength());
  }

  List<DeltaId> ids() {
    return visible().map(ServedModel::id).sorted().toList();
  }

  private Stream<ServedModel> visible() {
    return models.get().stream().filter(model -> caller.mayUse(model.id()));
  }

  private TributaryException unknown(String name) {
    return caller.models().isPresent()
        ? new TributaryException(
            ErrorCode.PERMISSION_DENIED,
            "this key may not use model %s; GET /v1/models lists those that it may"
                .formatted(Quoted.of(name)),
            "model")
        : new TributaryException(
            ErrorCode.MODEL_NOT_FOUND,
            "there is no model %s; GET /v1/models lists the models".formatted(Quoted.of(name)),
            "model");
  }
}
