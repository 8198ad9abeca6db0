//! One encrypted database per account: schema, migrations, typed queries.
