-- Step 1 of the ledger. Once a program with it is released, this file is never edited again: what
-- changes becomes a step of its own (`STEPS` in store.py).

-- What each run was given: its date, its command, the program and hashes of what it read.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    as_of TEXT NOT NULL,
    command TEXT NOT NULL,
    program TEXT NOT NULL,
    register_sha256 TEXT NOT NULL,
    schemas_sha256 TEXT NOT NULL
) STRICT;

-- One file each, in the order of recording. What changes later is superseded_by, and what a
-- later decision changes. kept_with is the return beside which a signed copy came; entered_by who
-- took in what the office entered on a branch's behalf; signature what of the file carries one;
-- part the rows of a list that are this return, gist what a list of meetings might say of it too.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (id),
    name TEXT NOT NULL,
    origin TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    channel TEXT NOT NULL,
    entered_by TEXT,
    sender TEXT,
    received TEXT NOT NULL,
    verdict TEXT NOT NULL
        CHECK (verdict IN ('accepted', 'rejected', 'duplicate', 'held', 'ignored')),
    form TEXT,
    version TEXT,
    branch TEXT,
    period TEXT,
    values_hash TEXT,
    refers_to INTEGER REFERENCES delivery (id),
    superseded_by INTEGER REFERENCES delivery (id) DEFERRABLE INITIALLY DEFERRED,
    thread TEXT,
    subject TEXT,
    kept_with INTEGER REFERENCES delivery (id),
    part TEXT,
    gist TEXT NOT NULL,
    signature TEXT NOT NULL
        CHECK (signature IN ('unknown', 'none', 'scan', 'mail', 'file', 'both')),
    CHECK ((channel = 'office') = (entered_by IS NOT NULL)),
    CHECK (superseded_by IS NULL OR verdict = 'accepted'),
    CHECK (verdict <> 'accepted' OR (form IS NOT NULL AND version IS NOT NULL
        AND branch IS NOT NULL AND period IS NOT NULL AND values_hash IS NOT NULL))
) STRICT;
CREATE INDEX delivery_run ON delivery (run);
CREATE INDEX delivery_sha256 ON delivery (sha256, origin);
CREATE INDEX delivery_key ON delivery (form, branch, period);
CREATE UNIQUE INDEX delivery_current ON delivery (form, branch, period)
    WHERE verdict = 'accepted' AND superseded_by IS NULL;

-- The values of accepted deliveries, in the order of the sheet.
CREATE TABLE returned_row (
    delivery INTEGER NOT NULL REFERENCES delivery (id),
    position INTEGER NOT NULL,
    section TEXT NOT NULL,
    sheet TEXT NOT NULL,
    number INTEGER NOT NULL,
    content TEXT NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (delivery, position)
) STRICT, WITHOUT ROWID;

-- What was wrong with a delivery: codes and parameters, never sentences.
CREATE TABLE finding (
    delivery INTEGER NOT NULL REFERENCES delivery (id),
    position INTEGER NOT NULL,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    file TEXT NOT NULL,
    sheet TEXT NOT NULL,
    cell TEXT NOT NULL,
    params TEXT NOT NULL,
    marks TEXT NOT NULL,
    PRIMARY KEY (delivery, position)
) STRICT, WITHOUT ROWID;

-- What was answered to a warning: question says which values it is about, and the last answer to it
-- holds. delivery is the file that brought it; who gave it for the office, on behalf of the branch,
-- about that return.
CREATE TABLE answer (
    id INTEGER PRIMARY KEY,
    form TEXT NOT NULL,
    branch TEXT NOT NULL,
    period TEXT NOT NULL,
    code TEXT NOT NULL,
    question TEXT NOT NULL,
    words TEXT NOT NULL,
    delivery INTEGER NOT NULL REFERENCES delivery (id),
    who TEXT,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX answer_delivery ON answer (delivery);

-- What was decided later about a delivery, and what it was until then: accepted or refused by a
-- person while it was held or nobody knew whose it was, or judged anew by the program (who is its
-- version). branch is whose it is, where the person said so.
CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    delivery INTEGER NOT NULL REFERENCES delivery (id),
    run INTEGER NOT NULL REFERENCES run (id),
    outcome TEXT NOT NULL CHECK (outcome IN ('accept', 'refuse', 'anew')),
    who TEXT NOT NULL,
    decided TEXT NOT NULL,
    why TEXT NOT NULL CHECK (why <> ''),
    before TEXT NOT NULL,
    codes TEXT NOT NULL,
    branch TEXT
) STRICT;
CREATE INDEX decision_delivery ON decision (delivery, outcome);

-- The running number (số đến) of each accepted return, from 1 in each year of receipt. Triggers
-- give it, so that no way of accepting a return can forget it.
CREATE TABLE incoming (
    delivery INTEGER PRIMARY KEY REFERENCES delivery (id),
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    UNIQUE (year, number)
) STRICT;
CREATE TRIGGER incoming_inserted AFTER INSERT ON delivery WHEN NEW.verdict = 'accepted'
BEGIN
    INSERT INTO incoming (delivery, year, number)
    SELECT NEW.id, CAST(substr(NEW.received, 1, 4) AS INTEGER), 1 + coalesce(max(number), 0)
    FROM incoming WHERE year = CAST(substr(NEW.received, 1, 4) AS INTEGER);
END;
CREATE TRIGGER incoming_decided AFTER UPDATE OF verdict ON delivery
    WHEN NEW.verdict = 'accepted'
    AND NOT EXISTS (SELECT 1 FROM incoming WHERE delivery = NEW.id)
BEGIN
    INSERT INTO incoming (delivery, year, number)
    SELECT NEW.id, CAST(substr(NEW.received, 1, 4) AS INTEGER), 1 + coalesce(max(number), 0)
    FROM incoming WHERE year = CAST(substr(NEW.received, 1, 4) AS INTEGER);
END;

-- The mails fetched from the office's mailbox, by the mailbox's own numbers.
CREATE TABLE fetched (
    mailbox TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (mailbox, uidvalidity, uid)
) STRICT, WITHOUT ROWID;

-- A letter: queued before it goes to the mail host, sent afterwards; handed where the office passed
-- it on by other means. recipients are its addresses, empty where it has none. day is the day it is
-- dated: what it asks for is reckoned from that, not from when it was sent.
CREATE TABLE outgoing (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    recipients TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('drafted', 'queued', 'sent', 'handed')),
    at TEXT NOT NULL,
    day TEXT
) STRICT;

-- What a letter is about: key says the same thing the same way every time.
CREATE TABLE outgoing_item (
    outgoing INTEGER NOT NULL REFERENCES outgoing (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    form TEXT,
    branch TEXT,
    period TEXT,
    delivery INTEGER REFERENCES delivery (id),
    PRIMARY KEY (outgoing, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX outgoing_item_key ON outgoing_item (key);

-- A closed period and what was archived of it; reopened, it stays as an old revision.
CREATE TABLE closing (
    id INTEGER PRIMARY KEY,
    period TEXT NOT NULL,
    revision INTEGER NOT NULL,
    as_of TEXT NOT NULL,
    closed_by TEXT NOT NULL,
    workbook TEXT NOT NULL,
    register TEXT NOT NULL,
    schemas TEXT NOT NULL,
    reopened TEXT,
    reopened_by TEXT,
    why TEXT,
    UNIQUE (period, revision),
    CHECK ((reopened IS NULL) = (why IS NULL)),
    CHECK ((reopened IS NULL) = (reopened_by IS NULL))
) STRICT;
CREATE UNIQUE INDEX closing_in_force ON closing (period) WHERE reopened IS NULL;

-- The consolidated workbooks given out so far: hash of the bytes, fingerprint of the figures.
CREATE TABLE report (
    id INTEGER PRIMARY KEY,
    period TEXT NOT NULL,
    as_of TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    figures TEXT NOT NULL,
    UNIQUE (period, as_of, sha256, figures)
) STRICT;

-- What was given out beside a consolidated workbook, by the hash of its bytes: the report to sign, its
-- copies for circulation, the message. The newest of a kind is in force.
CREATE TABLE output (
    id INTEGER PRIMARY KEY,
    workbook TEXT NOT NULL,
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    UNIQUE (workbook, kind, sha256)
) STRICT;

-- What a workbook was made from, by one hash of all its inputs: the bytes that came of them, and
-- whether they wait for returns still.
CREATE TABLE workbook (
    inputs TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    provisional INTEGER NOT NULL CHECK (provisional IN (0, 1))
) STRICT, WITHOUT ROWID;

-- The worklists that were obeyed: the number each carried, its bytes in the archive, who ran the
-- program on it and when.
CREATE TABLE worklist (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    who TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

-- What was decided in them. matter names a matter and the state it was offered in, title is what
-- the row said; branch the one a file was assigned to. A decision is begun before it is applied, so
-- that after a crash it is known which one may have been.
CREATE TABLE worklist_decision (
    worklist INTEGER NOT NULL REFERENCES worklist (id),
    matter TEXT NOT NULL,
    title TEXT NOT NULL,
    decision TEXT NOT NULL,
    why TEXT NOT NULL,
    branch TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('begun', 'done', 'not_done')),
    code TEXT NOT NULL,
    params TEXT NOT NULL,
    PRIMARY KEY (worklist, matter)
) STRICT, WITHOUT ROWID;

-- What was removed once its term was over: when, by whom, of what came before; counts by kind (JSON).
-- done is 0 until the files are gone as well: a run that broke off is completed by the next.
CREATE TABLE purge (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    who TEXT NOT NULL,
    before TEXT NOT NULL,
    counts TEXT NOT NULL,
    done INTEGER NOT NULL CHECK (done IN (0, 1))
) STRICT;

-- The bytes removed, by their hash; replacement is the hash of the copy without names that is kept.
CREATE TABLE purged_file (
    sha256 TEXT PRIMARY KEY,
    purge INTEGER NOT NULL REFERENCES purge (id),
    kind TEXT NOT NULL,
    replacement TEXT
) STRICT, WITHOUT ROWID;

-- What was removed of an entry. values_hash is that of the values left: delivery has the first one.
CREATE TABLE purged_entry (
    delivery INTEGER NOT NULL REFERENCES delivery (id),
    kind TEXT NOT NULL CHECK (kind IN ('original', 'letters', 'texts')),
    purge INTEGER NOT NULL REFERENCES purge (id),
    values_hash TEXT,
    PRIMARY KEY (delivery, kind)
) STRICT, WITHOUT ROWID;

-- The bytes that are to be nowhere in the workspace: not those that were received again since.
CREATE VIEW absent_file AS
    SELECT f.sha256, f.kind, f.replacement, purge.day
    FROM purged_file AS f JOIN purge ON purge.id = f.purge
    WHERE NOT EXISTS (
        SELECT 1 FROM delivery AS d WHERE d.sha256 = f.sha256 AND NOT EXISTS (
            SELECT 1 FROM purged_entry WHERE delivery = d.id AND kind = 'original'
        )
    );

-- The backups made, so that a purge can name them: they hold what it removes here.
CREATE TABLE backup (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    day TEXT NOT NULL
) STRICT;
