"""The practice's records: models, repositories, migrations."""
