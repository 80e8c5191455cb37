"""What tests are made with: servers, browsers, terminals, and data."""
