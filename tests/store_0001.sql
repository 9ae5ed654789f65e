BEGIN TRANSACTION;
CREATE TABLE events (
	run_id VARCHAR(32) NOT NULL, 
	seq INTEGER NOT NULL, 
	event JSON NOT NULL, 
	PRIMARY KEY (run_id, seq), 
	FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "events" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',0,'{"event": "started", "run_id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "seq": 0, "elapsed_seconds": 0.0}');
INSERT INTO "events" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1,'{"event": "epoch", "run_id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "seq": 1, "elapsed_seconds": 0.5}');
INSERT INTO "events" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',2,'{"event": "finished", "run_id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "seq": 2, "elapsed_seconds": 1.0, "seconds": 1.0, "test_accuracy": 0.75}');
CREATE TABLE runs (
	id VARCHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	experiment_id VARCHAR(16) NOT NULL, 
	experiment JSON NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	server VARCHAR(128) NOT NULL, 
	created FLOAT NOT NULL, 
	ended FLOAT, 
	error VARCHAR, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1,'09800818a2ef0176','{"data": "digits", "num_images": 40, "distance": 0.0, "network": "demo", "recipe": "case-1", "cut": null, "freeze": null, "init": null, "seed": 0, "epochs": null, "seconds": null, "lr": null, "weight_decay": null, "batch_size": null, "mirror": null}','ann','finished','laptop:7:123',1795467600.0,1795467600.0,NULL);
INSERT INTO "runs" VALUES('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',2,'09800818a2ef0176','{"data": "digits", "num_images": 40, "distance": 0.0, "network": "demo", "recipe": "case-1", "cut": null, "freeze": null, "init": null, "seed": 0, "epochs": null, "seconds": null, "lr": null, "weight_decay": null, "batch_size": null, "mirror": null}','ann','queued','laptop:7:123',1795467600.0,NULL,NULL);
CREATE INDEX ix_runs_number ON runs (number);
CREATE INDEX ix_runs_status ON runs (status);
CREATE INDEX ix_runs_experiment_id ON runs (experiment_id);
CREATE INDEX ix_runs_owner ON runs (owner);
COMMIT;
