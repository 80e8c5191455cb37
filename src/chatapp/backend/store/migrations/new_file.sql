CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)

CREATE TABLE conversations (
	number INTEGER NOT NULL,
	id TEXT NOT NULL,
	owner TEXT NOT NULL,
	title TEXT,
	pinned BOOLEAN NOT NULL,
	system TEXT,
	model TEXT,
	leaf_id TEXT,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	archived_at DATETIME,
	deleted_at DATETIME, source TEXT, client TEXT, sampling JSON, project_id TEXT,
	CONSTRAINT pk_conversations PRIMARY KEY (number),
	CONSTRAINT uq_conversations_id UNIQUE (id)
)

CREATE INDEX ix_conversations_listed ON conversations (owner, pinned, updated_at, id)

CREATE TABLE messages (
	id TEXT NOT NULL,
	conversation_id TEXT NOT NULL,
	parent_id TEXT,
	sequence INTEGER NOT NULL,
	role TEXT NOT NULL,
	content TEXT NOT NULL,
	reasoning TEXT NOT NULL,
	model TEXT,
	status TEXT NOT NULL,
	finish_reason TEXT,
	prompt_tokens INTEGER,
	completion_tokens INTEGER,
	created_at DATETIME NOT NULL,
	finished_at DATETIME, parts JSON, summary TEXT, summarised INTEGER,
	CONSTRAINT pk_messages PRIMARY KEY (id),
	CONSTRAINT fk_messages_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id),
	CONSTRAINT fk_messages_parent_id FOREIGN KEY(parent_id) REFERENCES messages (id),
	CONSTRAINT uq_messages_conversation_id_sequence UNIQUE (conversation_id, sequence)
)

CREATE INDEX ix_messages_parent_id ON messages (parent_id)

CREATE TABLE turns (
	id TEXT NOT NULL,
	owner TEXT NOT NULL,
	conversation_id TEXT,
	user_message_id TEXT,
	answer_message_id TEXT,
	status TEXT NOT NULL,
	model TEXT NOT NULL,
	process_id TEXT NOT NULL,
	heartbeat_at DATETIME NOT NULL,
	cancel_requested BOOLEAN NOT NULL,
	idempotency_key TEXT,
	body_hash TEXT,
	segments JSON NOT NULL,
	saved_text INTEGER NOT NULL,
	saved_reasoning INTEGER NOT NULL,
	finish_reason TEXT,
	usage JSON,
	error JSON,
	latency_ms INTEGER,
	created_at DATETIME NOT NULL,
	finished_at DATETIME, usage_details JSON,
	CONSTRAINT pk_turns PRIMARY KEY (id),
	CONSTRAINT fk_turns_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id),
	CONSTRAINT fk_turns_user_message_id FOREIGN KEY(user_message_id) REFERENCES messages (id),
	CONSTRAINT fk_turns_answer_message_id FOREIGN KEY(answer_message_id) REFERENCES messages (id),
	CONSTRAINT uq_turns_answer_message_id UNIQUE (answer_message_id),
	CONSTRAINT uq_turns_owner_idempotency_key UNIQUE (owner, idempotency_key)
)

CREATE INDEX ix_turns_conversation_id ON turns (conversation_id)

CREATE INDEX ix_turns_user_message_id ON turns (user_message_id)

CREATE UNIQUE INDEX uq_turns_active ON turns (conversation_id) WHERE status = 'streaming'

CREATE INDEX ix_turns_streaming ON turns (process_id) WHERE status = 'streaming'

CREATE TABLE "turn_chunks" (
	turn_id TEXT NOT NULL,
	position INTEGER NOT NULL,
	text TEXT NOT NULL,
	reasoning TEXT NOT NULL,
	CONSTRAINT pk_turn_pieces PRIMARY KEY (turn_id, position),
	CONSTRAINT fk_turn_pieces_turn_id FOREIGN KEY(turn_id) REFERENCES turns (id)
)

CREATE INDEX ix_conversations_recent ON conversations (owner, updated_at, id)

CREATE VIRTUAL TABLE search USING fts5(body, content='', tokenize='unicode61 remove_diacritics 2')

CREATE TRIGGER search_updates_message AFTER UPDATE OF content ON messages BEGIN
        INSERT INTO search (search, rowid, body)
        SELECT 'delete', (number << 20) + old.sequence, old.content FROM conversations WHERE id = old.conversation_id;
        INSERT INTO search (rowid, body)
        SELECT (number << 20) + new.sequence, new.content FROM conversations WHERE id = new.conversation_id;
    END

CREATE TRIGGER search_deletes_message AFTER DELETE ON messages BEGIN
        INSERT INTO search (search, rowid, body)
        SELECT 'delete', (number << 20) + old.sequence, old.content FROM conversations WHERE id = old.conversation_id;
    END

CREATE TRIGGER search_updates_title AFTER UPDATE OF title ON conversations BEGIN
        INSERT INTO search (search, rowid, body) VALUES ('delete', old.number << 20, coalesce(old.title, ''));
        INSERT INTO search (rowid, body) VALUES (new.number << 20, coalesce(new.title, ''));
    END

CREATE TRIGGER search_deletes_title AFTER DELETE ON conversations BEGIN
        INSERT INTO search (search, rowid, body) VALUES ('delete', old.number << 20, coalesce(old.title, ''));
    END

CREATE TABLE model_calls (
	id TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	owner TEXT NOT NULL,
	turn_id TEXT,
	connection TEXT NOT NULL,
	model TEXT NOT NULL,
	answered_model TEXT,
	surface TEXT,
	status TEXT NOT NULL,
	error_code TEXT,
	prompt_tokens INTEGER,
	cached_tokens INTEGER,
	completion_tokens INTEGER,
	reasoning_tokens INTEGER,
	first_token_ms INTEGER,
	duration_ms INTEGER NOT NULL, is_estimated BOOLEAN DEFAULT 0 NOT NULL, cost_pico BIGINT, price_source TEXT,
	CONSTRAINT pk_model_calls PRIMARY KEY (id)
)

CREATE INDEX ix_model_calls_owner ON model_calls (owner, created_at)

CREATE INDEX ix_model_calls_created_at ON model_calls (created_at)

CREATE TABLE imports (
	conversation_id TEXT NOT NULL,
	fingerprint TEXT,
	leaf_id TEXT,
	updated_at DATETIME,
	told JSON NOT NULL,
	CONSTRAINT pk_imports PRIMARY KEY (conversation_id),
	CONSTRAINT fk_imports_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
)

CREATE INDEX ix_imports_fingerprint ON imports (fingerprint)

CREATE TABLE message_hashes (
	message_id TEXT NOT NULL,
	owner TEXT NOT NULL,
	hash TEXT NOT NULL,
	is_answered BOOLEAN NOT NULL,
	CONSTRAINT pk_message_hashes PRIMARY KEY (message_id),
	CONSTRAINT fk_message_hashes_message_id FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE
)

CREATE INDEX ix_message_hashes_owner_hash ON message_hashes (owner, hash)

CREATE TABLE search_pause (number INTEGER PRIMARY KEY)

CREATE TRIGGER search_inserts_message AFTER INSERT ON messages WHEN NOT EXISTS (SELECT 1 FROM search_pause) BEGIN
        INSERT INTO search (rowid, body)
        SELECT (number << 20) + new.sequence, new.content FROM conversations WHERE id = new.conversation_id;
    END

CREATE TRIGGER search_inserts_title AFTER INSERT ON conversations WHEN NOT EXISTS (SELECT 1 FROM search_pause) BEGIN
        INSERT INTO search (rowid, body) VALUES (new.number << 20, coalesce(new.title, ''));
    END

CREATE VIRTUAL TABLE search_words USING fts5vocab(search, row)

CREATE INDEX ix_model_calls_turn_id ON model_calls (turn_id)

CREATE TABLE usage_days (
	dimension TEXT NOT NULL,
	owner TEXT NOT NULL,
	day TEXT NOT NULL,
	name TEXT NOT NULL,
	calls BIGINT NOT NULL,
	failures BIGINT NOT NULL,
	unpriced BIGINT NOT NULL,
	estimated BIGINT NOT NULL,
	prompt_tokens BIGINT NOT NULL,
	cached_tokens BIGINT NOT NULL,
	completion_tokens BIGINT NOT NULL,
	reasoning_tokens BIGINT NOT NULL,
	cost_pico BIGINT NOT NULL,
	first_0 INTEGER NOT NULL,
	first_1 INTEGER NOT NULL,
	first_2 INTEGER NOT NULL,
	first_3 INTEGER NOT NULL,
	first_4 INTEGER NOT NULL,
	first_5 INTEGER NOT NULL,
	first_6 INTEGER NOT NULL,
	first_7 INTEGER NOT NULL,
	first_8 INTEGER NOT NULL,
	first_9 INTEGER NOT NULL,
	first_10 INTEGER NOT NULL,
	first_11 INTEGER NOT NULL,
	first_12 INTEGER NOT NULL,
	first_13 INTEGER NOT NULL,
	first_14 INTEGER NOT NULL,
	first_15 INTEGER NOT NULL,
	whole_0 INTEGER NOT NULL,
	whole_1 INTEGER NOT NULL,
	whole_2 INTEGER NOT NULL,
	whole_3 INTEGER NOT NULL,
	whole_4 INTEGER NOT NULL,
	whole_5 INTEGER NOT NULL,
	whole_6 INTEGER NOT NULL,
	whole_7 INTEGER NOT NULL,
	whole_8 INTEGER NOT NULL,
	whole_9 INTEGER NOT NULL,
	whole_10 INTEGER NOT NULL,
	whole_11 INTEGER NOT NULL,
	whole_12 INTEGER NOT NULL,
	whole_13 INTEGER NOT NULL,
	whole_14 INTEGER NOT NULL,
	whole_15 INTEGER NOT NULL,
	CONSTRAINT pk_usage_days PRIMARY KEY (dimension, owner, day, name)
)

CREATE TABLE reservations (
	id TEXT NOT NULL,
	process_id TEXT NOT NULL,
	heartbeat_at DATETIME NOT NULL,
	owner TEXT NOT NULL,
	connection TEXT NOT NULL,
	cost_pico BIGINT NOT NULL,
	tokens BIGINT NOT NULL, estimate JSON,
	CONSTRAINT pk_reservations PRIMARY KEY (id)
)

CREATE TABLE attachments (
	owner TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	media_type TEXT NOT NULL,
	kind TEXT NOT NULL,
	size BIGINT NOT NULL,
	pages INTEGER,
	text TEXT NOT NULL,
	picture BLOB,
	notes JSON NOT NULL,
	created_at DATETIME NOT NULL, thumbnail BLOB,
	CONSTRAINT pk_attachments PRIMARY KEY (owner, id)
)

CREATE TABLE attachment_contents (
	attachment_id TEXT NOT NULL,
	position INTEGER NOT NULL,
	data BLOB NOT NULL,
	created_at DATETIME NOT NULL,
	CONSTRAINT pk_attachment_contents PRIMARY KEY (attachment_id, position)
)

CREATE TABLE attachment_uses (
	conversation_id TEXT NOT NULL,
	attachment_id TEXT NOT NULL,
	CONSTRAINT pk_attachment_uses PRIMARY KEY (conversation_id, attachment_id),
	CONSTRAINT fk_attachment_uses_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
)

CREATE INDEX ix_attachment_uses_attachment_id ON attachment_uses (attachment_id)

CREATE TABLE attachment_pages (
	owner TEXT NOT NULL,
	attachment_id TEXT NOT NULL,
	page INTEGER NOT NULL,
	picture BLOB NOT NULL,
	CONSTRAINT pk_attachment_pages PRIMARY KEY (owner, attachment_id, page),
	CONSTRAINT fk_attachment_pages_owner_attachment_id FOREIGN KEY(owner, attachment_id) REFERENCES attachments (owner, id) ON DELETE CASCADE
)

CREATE TABLE projects (
	number INTEGER NOT NULL,
	id TEXT NOT NULL,
	owner TEXT NOT NULL,
	name TEXT NOT NULL,
	instructions TEXT,
	model TEXT,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	deleted_at DATETIME,
	CONSTRAINT pk_projects PRIMARY KEY (number),
	CONSTRAINT uq_projects_id UNIQUE (id)
)

CREATE INDEX ix_projects_owner ON projects (owner)

CREATE INDEX ix_conversations_project ON conversations (project_id, pinned, updated_at, id) WHERE project_id IS NOT NULL

CREATE TABLE project_files (
	project_id TEXT NOT NULL,
	attachment_id TEXT NOT NULL,
	tokens BIGINT NOT NULL,
	first_passage BIGINT NOT NULL,
	last_passage BIGINT NOT NULL,
	added_at DATETIME NOT NULL,
	CONSTRAINT pk_project_files PRIMARY KEY (project_id, attachment_id),
	CONSTRAINT fk_project_files_project_id FOREIGN KEY(project_id) REFERENCES projects (id) ON DELETE CASCADE
)

CREATE INDEX ix_project_files_attachment_id ON project_files (attachment_id)

CREATE TABLE project_passages (
	number INTEGER NOT NULL,
	attachment_id TEXT NOT NULL,
	text TEXT NOT NULL, pairs TEXT,
	CONSTRAINT pk_project_passages PRIMARY KEY (number)
)

CREATE VIRTUAL TABLE search_files USING fts5(
        text, content='project_passages', content_rowid='number', detail=none, columnsize=0,
        tokenize='porter unicode61 remove_diacritics 2'
    )

CREATE TABLE shares (
	id TEXT NOT NULL,
	owner TEXT NOT NULL,
	conversation_id TEXT NOT NULL,
	leaf_id TEXT NOT NULL,
	digest TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_shares PRIMARY KEY (id),
	CONSTRAINT fk_shares_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
	CONSTRAINT uq_shares_digest UNIQUE (digest)
)

CREATE INDEX ix_shares_owner ON shares (owner)

CREATE INDEX ix_shares_conversation_id ON shares (conversation_id)

INSERT INTO search (search, rank) VALUES ('automerge', 8)

INSERT INTO search (search, rank) VALUES ('hashsize', 16777216)

INSERT INTO alembic_version VALUES ('0018')
