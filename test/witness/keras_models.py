"""Keras as a witness: writes models in all forms of its files, with its own predictions.

    KERAS=keras|tf_keras python3 test/witness/keras_models.py FOLDER [NAME ..]

Keras 3 runs on any of its backends; tf_keras is Keras 2. A model has a folder of its own with its files and
case.json: the ids read, log p of the next symbol [V] after the last, or that it must be refused.
src/interop/keras-python.test.ts compares.
"""
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np
which = os.environ.get("KERAS", "keras")
if which == "tf_keras":
    import tf_keras as keras
else:
    import keras
L = keras.layers
out = sys.argv[1]
V, IDS = 7, [1, 3, 0, 6, 2, 2, 5, 4, 1, 0, 3, 6]
only = sys.argv[2:] 

def randomize(model, seed=3):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.5, w.shape).astype(w.dtype) if w.dtype.kind == "f" else w for w in model.get_weights()])

def log_p(model, x):
    y = np.asarray(model.predict(x, verbose=0), dtype=np.float64).reshape(-1, V)[-1]
    if abs(y.sum() - 1) < 1e-3 and (y >= 0).all():
        y = np.log(y + 1e-30)
    y = y - y.max()
    return y - np.log(np.exp(y).sum())

def write(name, model, forms, inputs="one-hot", refused=False, **more):
    if only and name not in only: return
    if inputs == "one-hot":
        x = np.eye(V, dtype="float32")[IDS][None]
    else:
        x = np.array([IDS])
    if model.__class__.__name__ == "Sequential" and not model.built: model.build(x.shape)
    model(x)
    randomize(model)
    want = None if refused else log_p(model, x).tolist()
    for form in forms:
        folder = os.path.join(out, f"{which} {name} {form}".replace("/", "-"))
        os.makedirs(folder, exist_ok=True)
        try:
            if form in ("keras", "h5"): model.save(os.path.join(folder, "model." + form))
            elif form == "hdf5": model.save(os.path.join(folder, "model.hdf5"))
            elif form == "weights": model.save_weights(os.path.join(folder, "model.weights.h5"))
            elif form == "weights+json":
                model.save_weights(os.path.join(folder, "model.weights.h5"))
                open(os.path.join(folder, "model.json"), "w").write(model.to_json())
            elif form == "old weights": model.save_weights(os.path.join(folder, "w.h5"))
        except Exception as error:
            print(name, form, "not saved:", str(error)[:100]); os.rmdir(folder); continue
        json.dump({"V": V, "ids": IDS, "log_p": want, "refused": refused, **more}, open(os.path.join(folder, "case.json"), "w"))

ALL = ["keras", "h5", "weights", "weights+json"] + (["old weights"] if which == "tf_keras" else [])
I = lambda: keras.Input((None, V))
S = lambda *layers: keras.Sequential(list(layers))
E = lambda **k: L.Embedding(V, 3, **k)
D = lambda **k: L.Dense(V, **{"activation": "softmax", **k})

write("lstm", S(I(), L.LSTM(5), D()), ALL)
write("lstm two", S(I(), L.LSTM(5, return_sequences=True), L.LSTM(4), D()), ALL)
write("lstm twelve", S(I(), *[L.LSTM(3, return_sequences=True) for _ in range(12)], D()), ["keras", "h5", "weights"])
write("gru after", S(I(), L.GRU(5, reset_after=True), D()), ALL)
write("gru before", S(I(), L.GRU(5, reset_after=False), D()), ALL)
write("rnn", S(I(), L.SimpleRNN(5), D()), ALL)
write("rnn relu", S(I(), L.SimpleRNN(5, activation="relu"), D()), ["keras", "h5"])
write("embedding", S(keras.Input((None,)), E(), L.LSTM(5, return_sequences=True), D()), ALL, "ids")
write("stateful", S(keras.Input(batch_shape=(1, None)), E(), L.LSTM(5, stateful=True, return_sequences=True), D()), ["keras", "h5"], "ids") if which == "keras" else None
write("forget bias", S(I(), L.LSTM(5, unit_forget_bias=False), D()), ["keras", "h5"])
write("dropout", S(I(), L.Dropout(0.2), L.LSTM(5, dropout=0.1, recurrent_dropout=0.1, return_sequences=True), L.Dropout(0.3), L.LSTM(5), L.Dropout(0.2), D()), ALL)
write("distributed", S(I(), L.LSTM(5, return_sequences=True), L.TimeDistributed(L.Dense(V, activation="softmax"))), ALL)
write("distributed twice", S(I(), L.LSTM(5, return_sequences=True), L.TimeDistributed(L.Dropout(.1)), L.TimeDistributed(L.Dense(V)), L.Activation("softmax")), ALL)
write("bidirectional", S(I(), L.Bidirectional(L.LSTM(5)), D()), ALL, refused=True)
write("hard lstm", S(I(), L.LSTM(5, recurrent_activation="hard_sigmoid"), D()), ["keras", "h5", "weights+json"])
write("hard gru", S(I(), L.GRU(5, recurrent_activation="hard_sigmoid", reset_after=False), D()), ["keras", "h5"])
write("activation layer", S(I(), L.LSTM(5), L.Dense(V), L.Activation("softmax")), ALL)
write("softmax layer", S(I(), L.LSTM(5), L.Dense(V), L.Softmax()), ALL)
write("logits", S(I(), L.LSTM(5), L.Dense(V)), ALL)
write("no bias", S(I(), L.LSTM(5, use_bias=False), L.Dense(V, use_bias=False)), ALL)
write("gru no bias", S(keras.Input((None,)), E(), L.GRU(5, use_bias=False), L.Dense(V, use_bias=False, name="out")), ["keras", "h5"], "ids")
write("widths", S(keras.Input((None,)), E(), L.GRU(6, return_sequences=True), L.GRU(3, return_sequences=True), L.GRU(5), D()), ALL, "ids")
write("window", S(keras.Input((12, V)), L.LSTM(5), D()), ["keras", "h5"], window=12)
write("backwards", S(I(), L.LSTM(5, go_backwards=True), D()), ["keras", "h5"], refused=True)
write("norm", S(I(), L.LSTM(5, return_sequences=True), L.LayerNormalization(), D()), ["keras", "h5"], refused=True)
write("batch norm", S(I(), L.LSTM(5), L.BatchNormalization(), D()), ["keras", "h5"], refused=True)
write("hidden dense", S(I(), L.LSTM(5), L.Dense(4, activation="relu"), D()), ["keras", "h5"], refused=True)
write("dense first", S(I(), L.Dense(4), L.LSTM(5), D()), ["keras", "h5"], refused=True)
write("relu between", S(I(), L.LSTM(5), L.Activation("relu"), D()), ["keras", "h5"], refused=True)
write("lstm relu", S(I(), L.LSTM(5, activation="relu"), D()), ["keras", "h5"], refused=True)
write("rnn linear", S(I(), L.SimpleRNN(5, activation=None), D()), ["keras", "h5"], refused=True)
write("sigmoid out", S(I(), L.LSTM(5), L.Dense(V, activation="sigmoid")), ["keras", "h5"], refused=True)
write("mixed kinds", S(I(), L.LSTM(5, return_sequences=True), L.GRU(5), D()), ["keras", "h5"], refused=True)
x = keras.Input((None,), name="chars")
y = L.Dense(V, name="out", activation="softmax")(L.GRU(4, name="second")(L.GRU(5, return_sequences=True, name="first")(L.Embedding(V, 3, name="table")(x))))
write("functional", keras.Model(x, y), ALL, "ids")
x = keras.Input((None, V))
write("cells", keras.Model(x, D()(L.RNN([L.LSTMCell(3), L.LSTMCell(4)])(x))), ["keras", "h5", "weights+json"])
x = keras.Input((None, V))
write("cell", keras.Model(x, D()(L.RNN(L.GRUCell(4))(x))), ["keras", "h5", "weights"])
inner = keras.Sequential([keras.Input((None,)), E(), L.LSTM(4, return_sequences=True)])
write("nested", S(inner, L.LSTM(3), D()), ALL, "ids")
x = keras.Input((None,))
write("nested functional", keras.Model(x, D()(inner(x))), ["keras", "h5"], "ids")
class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.embedding = L.Embedding(V, 3)
        self.gru = L.GRU(4, return_sequences=True, return_state=True)
        self.dense = L.Dense(V)
    def call(self, x, training=False):
        x, _ = self.gru(self.embedding(x))
        return self.dense(x)
write("subclass", Own(), ["weights"] + (["old weights"] if which == "tf_keras" else []), "ids")
class Two(keras.Model):
    def __init__(self):
        super().__init__()
        self.lstm_upper = L.LSTM(4)
        self.rnn = L.LSTM(5, return_sequences=True)
        self.head = L.Dense(V)
        self.drop = L.Dropout(.3)
    def call(self, x, training=False):
        return self.head(self.drop(self.lstm_upper(self.rnn(x))))
write("subclass two", Two(), ["weights"])
for policy in ("mixed_float16", "float16", "float64", "mixed_bfloat16", "bfloat16"):
    set_policy = keras.mixed_precision.set_global_policy if which == "tf_keras" else keras.config.set_dtype_policy
    try:
        set_policy(policy)
        write(policy, S(I(), L.LSTM(5), D()), ["keras", "h5", "weights"], tolerance=0.05 if "16" in policy else 1e-5)
    except Exception as error: print(policy, str(error)[:200])
    finally: set_policy("float32")
m = S(I(), L.LSTM(5), D()); m.compile("adam", "sparse_categorical_crossentropy"); m.fit(np.eye(V)[[IDS]], np.array([1]), verbose=0)
write("compiled", m, ["keras", "h5"])
if which == "keras":
    m = S(keras.Input((None,)), L.Embedding(V, 3, mask_zero=True), L.LSTM(5), D())
    write("mask", m, ["keras"], "ids", masked=True)
if which == "tf_keras":
    from tf_keras.src.layers.rnn.cudnn_gru import CuDNNGRU
    from tf_keras.src.layers.rnn.cudnn_lstm import CuDNNLSTM
    for name, fast, plain in (("cudnn lstm", CuDNNLSTM, lambda **k: L.LSTM(5, **k)), ("cudnn gru", CuDNNGRU, lambda **k: L.GRU(5, reset_after=True, **k))):
        def stack(first, second):
            x = keras.Input((None, V))
            return keras.Model(x, L.Dense(V, activation="softmax", name="out")(second(first(x))))
        m = stack(fast(5, return_sequences=True, name="a"), fast(5, name="b"))
        randomize(m)
        twin = stack(plain(return_sequences=True, name="a"), plain(name="b"))
        path = os.path.join(out, "cudnn.h5"); m.save_weights(path); twin.load_weights(path); os.remove(path)
        folder = os.path.join(out, f"tf_keras {name} h5"); os.makedirs(folder, exist_ok=True)
        m.save(os.path.join(folder, "model.h5"))
        json.dump({"V": V, "ids": IDS, "log_p": log_p(twin, np.eye(V, dtype="float32")[IDS][None]).tolist(), "refused": False}, open(os.path.join(folder, "case.json"), "w"))
        folder = os.path.join(out, f"tf_keras {name} old weights"); os.makedirs(folder, exist_ok=True)
        m.save_weights(os.path.join(folder, "w.h5"))
        json.dump({"V": V, "ids": IDS, "log_p": log_p(twin, np.eye(V, dtype="float32")[IDS][None]).tolist(), "refused": False}, open(os.path.join(folder, "case.json"), "w"))
