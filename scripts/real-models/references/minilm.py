"""Makes ../goldens/minilm/vectors.json: vectors of all-MiniLM-L6-v2, computed by ONNX Runtime's build for Python.

Each text is computed alone, its tokens come from the library `tokenizers`, and the mean and the length 1 from NumPy. Needs
`onnxruntime`, `tokenizers` and `numpy`; `npm run real:models -- minilm` prints the folder of the model.

    python3 minilm.py FOLDER
"""
import base64
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

WORDS = "The mill stands by the river, and in spring the water turns its wheel day and night. "
TEXTS = [
    # Ordinary sentences, some of which mean the same.
    "hello world",
    "A cat is sleeping on the sofa.",
    "A kitten takes a nap on the couch.",
    "The stock market fell sharply today.",
    "Shares dropped a lot on the exchange this morning.",
    "How do I reset my password?",
    "I forgot my login credentials, what should I do?",
    "Water boils at 100 degrees Celsius at sea level.",
    "The train to Berlin leaves at 9:45 from platform 7.",
    "She has been playing the violin since she was five.",
    "Our refund policy allows returns within 30 days.",
    "Photosynthesis turns light into chemical energy.",
    "The quick brown fox jumps over the lazy dog.",
    "To be, or not to be, that is the question.",
    "Microgrid runs language models in the browser.",
    # Almost nothing.
    "a",
    " ",
    "\n\t ",
    ".",
    "?!",
    "0",
    "...",
    # Marks, numbers, code, addresses.
    "don't can't won't shouldn't've",
    "e-mail: ada@example.org, tel. +49 (0)30 123-456",
    "https://example.org/a/b?c=d&e=%20f#g",
    "function add(a, b) { return a + b; } // adds",
    '{"name": "Ada", "age": 36, "tags": ["x", "y"]}',
    "SELECT * FROM users WHERE id = 42;",
    "3.14159 2,718,281 1e-9 0x7f ½ ²",
    "[CLS] is a token, and [MASK] too [SEP]",
    "UPPER CASE and lower case and MiXeD",
    "tab\tnew\nline\r\nreturn  double  spaces",
    "zero\u200bwidth soft\u00adhyphen no\u00a0break",
    # Other languages and alphabets.
    "Ünïcödé café naïve façade Ångström",
    "Wo ist der nächste Bahnhof, bitte?",
    "¿Dónde está la biblioteca más cercana?",
    "Où est la bibliothèque ? À côté de l’église.",
    "Gdzie jest najbliższy dworzec kolejowy?",
    "Tiếng Việt có nhiều dấu thanh.",
    "Где находится библиотека?",
    "Πού είναι η βιβλιοθήκη;",
    "أين تقع المكتبة؟",
    "איפה הספרייה?",
    "पुस्तकालय कहाँ है?",
    "猫が好きです。",
    "图书馆在哪里？",
    "도서관이 어디에 있습니까?",
    "ห้องสมุดอยู่ที่ไหน",
    "cafe\u0301 decomposed, and ﬁ ligatures ℌ",
    # Emoji.
    "🙂",
    "I ❤️ pizza 🍕🍕",
    "👨‍👩‍👧‍👦 family, 🏳️‍🌈 flag, 👍🏽 thumb",
    # Long texts, up to the window of 256 tokens, and long words.
    WORDS * 2,
    WORDS * 6,
    WORDS * 12,
    "antidisestablishmentarianism floccinaucinihilipilification",
    "x" * 99,
    "x" * 101,
    "word " * 254,
]

folder = Path(sys.argv[1])
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_padding()
tokenizer.no_truncation()
session = onnxruntime.InferenceSession(str(folder / "onnx/model_int8.onnx"))
goldens = []
for text in TEXTS:
    ids = tokenizer.encode(text).ids
    assert len(ids) <= 256, text
    feeds = {"input_ids": [ids], "attention_mask": [[1] * len(ids)], "token_type_ids": [[0] * len(ids)]}
    [hidden] = session.run(["last_hidden_state"], {name: np.array(rows, np.int64) for name, rows in feeds.items()})
    vector = hidden[0].mean(0)
    vector /= np.linalg.norm(vector)
    numbers = np.round(vector * 32767).astype("<i2")
    goldens.append({"text": text, "tokens": len(ids), "vector": base64.b64encode(numbers.tobytes()).decode()})
target = Path(__file__).parents[1] / "goldens/minilm/vectors.json"
target.parent.mkdir(exist_ok=True)
target.write_text(json.dumps(goldens, ensure_ascii=False, indent=1) + "\n")
print(len(goldens), "texts")
